import { styleText } from 'node:util';
import type { Analysis, Cladogram, OptionDeclarations, OptionValues, Reporter } from '@virt-similarity/core';
import { terminalText } from '@virt-similarity/core/reporting';
import { CLUSTER_OPTIONS, clustersOf, isCutChosen } from './clusters-of.js';
import { foldedTree } from './folded-tree.js';
import { heightsCaption, heightText } from './height-text.js';
import { scaledDrawing } from './scaled-drawing.js';
import { loadWidthOf, shortened, type WidthOf } from './shortened.js';
import { leafOrder } from './tree-order.js';

/** A cluster that is still to be drawn, and the prefixes of its lines. */
interface PendingCluster {
  readonly cluster: number;
  readonly firstLine: string;
  readonly otherLines: string;
}

/** The pieces that a tree is drawn with. */
interface Pieces {
  /** Before the first child of a node, after the node's stem. */
  readonly first: string;
  /** Before a child that is neither the first nor the last. */
  readonly middle: string;
  /** Before the last child. */
  readonly last: string;
  /** On the lines between a child and the next. */
  readonly through: string;
  /** On the lines below the last child. */
  readonly blank: string;
  /** Before the name of a leaf. */
  readonly leaf: string;
  /** The character of stems. */
  readonly dash: string;
  /** The length of a stem without a height. */
  readonly dashes: number;
  /** Whether a line without a name follows each leaf. */
  readonly spaced: boolean;
}

/** The drawing of the original virt-similarity (2013). */
const ORIGINAL: Pieces = {
  first: '+---',
  middle: '+---',
  last: '+---',
  through: '|   ',
  blank: '    ',
  leaf: '--- ',
  dash: '-',
  dashes: 3,
  spaced: true,
};

const COMPACT: Pieces = {
  first: '+-',
  middle: '+-',
  last: '`-',
  through: '| ',
  blank: '  ',
  leaf: ' ',
  dash: '-',
  dashes: 1,
  spaced: false,
};

/** Adds the escape sequences for the color of a leaf to a text. */
type Painter = (text: string, leaf: number) => string;

/** Colors that are legible on light and dark terminals. */
const COLORS = ['cyan', 'yellow', 'magenta', 'green', 'blue', 'red'] as const;

/** The fewest columns for a name, however wide the tree is. */
const NARROWEST_NAME = 12;
const DEFAULT_COMPACT_WIDTH = 100;

/**
 * Draws the cladogram with characters; by default exactly as the original virt-similarity (2013) did.
 *
 * A leaf is `--- name` and a spacer row. A node starts with `---+---` on its first child's line; each further child
 * starts with `   +---`; every other line continues with `   |   `, or with seven spaces below the last child. Other
 * drawings, such as a drawing with heights, have no blanks at the ends of lines.
 *
 * The drawing to scale is described at `scaledDrawing`.
 *
 * The compact drawing has one row for each image, or for each group of equal images. Groups that are too deep for the
 * width are drawn without their branches.
 *
 * @throws as `clustersOf`, if the user chose where to cut the tree.
 */
export class AsciiReporter implements Reporter {
  readonly extension = '.txt';
  readonly mediaType = 'text/plain';
  readonly options: OptionDeclarations = {
    heights: { type: 'boolean', description: 'ascii: show the distance at which each group joins' },
    compact: {
      type: 'boolean',
      description: 'ascii: one row for each image or group of equal images, and as many levels as fit the width',
    },
    width: {
      type: 'number',
      whole: true,
      placeholder: 'columns',
      min: 40,
      max: 100_000,
      onTerminal: 'columns',
      description: `ascii: maximum width; names are shortened in the middle to fit; by default that of the terminal, or else ${DEFAULT_COMPACT_WIDTH} for a compact drawing and one to scale`,
    },
    scale: {
      type: 'boolean',
      description:
        'ascii: draw to scale, one row for each image: the further right a group joins, the more alike its images are',
    },
    drawing: {
      type: 'enum',
      values: ['ascii', 'unicode'],
      default: 'ascii',
      description: 'ascii: draw with ASCII characters only, or with lines of Unicode',
    },
    'cluster-colors': {
      type: 'boolean',
      onTerminal: 'colors',
      description: 'ascii: show the clusters in colors; by default on a terminal that has colors',
    },
    ...CLUSTER_OPTIONS,
  };

  async *report(analysis: Analysis, options: OptionValues): AsyncGenerator<string> {
    const isCompact = options.compact === true;
    const isScaled = options.scale === true;
    const width = Number(options.width ?? (isCompact || isScaled ? DEFAULT_COMPACT_WIDTH : Number.POSITIVE_INFINITY));
    const characters = isCompact ? COMPACT : ORIGINAL;
    const pieces = options.drawing === 'unicode' ? unicode(characters) : characters;
    const names = namesOf(analysis, options);
    const { tree, leaves, omitted } = isCompact
      ? foldedTree(analysis.cladogram, isScaled ? Number.POSITIVE_INFINITY : levelsWithin(width, pieces))
      : { tree: analysis.cladogram, leaves: names.map((_, image) => [image]), omitted: 0 };
    const stems =
      options.heights === true ? heightStems(tree, pieces) : tree.nodes.map(() => pieces.dash.repeat(pieces.dashes));
    const texts = leaves.map((images) => images.map((image) => names[image]!).join(' = '));
    const widthOf = await loadWidthOf(texts);
    const paint = options['cluster-colors'] === true ? clusterPainter(analysis, leaves, options) : unpainted;
    if (isScaled) {
      const drawing = options.drawing === 'unicode' ? 'unicode' : 'ascii';
      yield* scaledDrawing(tree, { texts, width, drawing, widthOf, paint });
      yield* captions(analysis, { ...options, heights: true }, omitted);
      return;
    }
    const isExact = pieces === ORIGINAL && options.heights !== true;
    yield* draw(tree, { texts, stems, pieces, width, widthOf, paint, isExact });
    yield* captions(analysis, options, omitted);
  }
}

/**
 * Returns the names to show, with a mark if ciphertext was compared, and with the number of each image's cluster if the
 * user cut the tree.
 */
function namesOf(analysis: Analysis, options: OptionValues): string[] {
  const names = analysis.images.map(
    ({ name, encryption }) => `${terminalText(name)}${encryption === 'ciphertext' ? ' (ciphertext)' : ''}`,
  );
  if (!isCutChosen(options)) {
    return names;
  }
  const clusters = clustersOf(analysis, options);
  return names.map((name, image) => `${name} [${clusters[image]! + 1}]`);
}

function* captions({ parameters, cladogram }: Analysis, options: OptionValues, omitted: number): Generator<string> {
  if (omitted > 0) {
    const levels =
      omitted === 1
        ? '1 deeper group is drawn without its branches'
        : `${omitted} deeper groups are drawn without their branches`;
    yield `${levels}; a larger width shows more.\n`;
  }
  if (options.heights === true && cladogram.size > 1) {
    yield `${terminalText(heightsCaption(parameters))}\n`;
  }
}

/**
 * Returns a function that shows each cluster of two or more images in a color. Clusters that begin one after the other
 * in the drawing have different colors. Images that are alone in their cluster have the color of the terminal's text.
 *
 * @param leaves the images of each leaf; the cluster of the first one determines the color
 * @throws as `clustersOf`.
 */
function clusterPainter(analysis: Analysis, leaves: readonly (readonly number[])[], options: OptionValues): Painter {
  const clusters = clustersOf(analysis, options);
  const sizes = new Map<number, number>();
  for (const cluster of clusters) {
    sizes.set(cluster, (sizes.get(cluster) ?? 0) + 1);
  }
  const colors = new Map<number, (typeof COLORS)[number]>();
  for (const image of leafOrder(analysis.cladogram).leaves) {
    const cluster = clusters[image]!;
    if (!colors.has(cluster) && sizes.get(cluster)! > 1) {
      colors.set(cluster, COLORS[colors.size % COLORS.length]!);
    }
  }
  return (text, leaf) => {
    const color = colors.get(clusters[leaves[leaf]![0]!]!);
    return color === undefined ? text : styleText(color, text, { validateStream: false });
  };
}

function unpainted(text: string): string {
  return text;
}

/** Returns how many levels of branches fit into 60 % of the width, so that there is room for names; at least 1. */
function levelsWithin(width: number, { first, dashes }: Pieces): number {
  return Math.max(1, Math.floor((width * 0.6) / (first.length + dashes)));
}

/**
 * Returns the stem of each node: dashes and the node's height. All stems have the same length, so that nodes are
 * aligned.
 */
function heightStems({ nodes }: Cladogram, { dash, dashes }: Pieces): string[] {
  const texts = nodes.map(({ height }) => heightText(height));
  const width = texts.reduce((widest, text) => Math.max(widest, text.length), 0);
  return dashes === 1
    ? texts.map((text) => `${text.padStart(width, dash)}${dash}`)
    : texts.map((text) => `${` ${text} `.padStart(width + 4, dash)}${dash}`);
}

function* draw(
  { size, nodes }: Cladogram,
  {
    texts,
    stems,
    pieces,
    width,
    widthOf,
    paint,
    isExact,
  }: {
    texts: readonly string[];
    stems: readonly string[];
    pieces: Pieces;
    width: number;
    widthOf: WidthOf;
    paint: Painter;
    /** Whether the blanks at the ends of lines are drawn, as the original did. */
    isExact: boolean;
  },
): Generator<string> {
  const pending: PendingCluster[] = [{ cluster: size + nodes.length - 1, firstLine: '', otherLines: '' }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { cluster, firstLine, otherLines } = next;
    if (cluster < size) {
      const before = `${firstLine}${pieces.leaf}`;
      // Pieces and heights consist of characters of one column.
      const name = shortened(texts[cluster]!, Math.max(NARROWEST_NAME, width - before.length), widthOf);
      const painted = paint(name, cluster);
      yield pieces.spaced
        ? `${before}${painted}\n${isExact ? otherLines : otherLines.trimEnd()}\n`
        : `${before}${painted}\n`;
      continue;
    }
    const { children } = nodes[cluster - size]!;
    const stem = stems[cluster - size]!;
    const blank = otherLines + ' '.repeat(stem.length);
    for (let position = children.length - 1; position >= 0; position--) {
      const isLast = position === children.length - 1;
      const branch = isLast ? pieces.last : pieces.middle;
      pending.push({
        cluster: children[position]!,
        firstLine: position === 0 ? `${firstLine}${stem}${pieces.first}` : `${blank}${branch}`,
        otherLines: isLast ? `${blank}${pieces.blank}` : `${blank}${pieces.through}`,
      });
    }
  }
}

/** Returns the pieces with box-drawing characters (Unicode, U+2500 to U+257F). */
function unicode(pieces: Pieces): Pieces {
  const drawn = (piece: string, corner: string) => piece.replace(/[+`]/, corner).replaceAll('-', '─');
  return {
    ...pieces,
    first: drawn(pieces.first, '┬'),
    middle: drawn(pieces.middle, '├'),
    last: drawn(pieces.last, '└'),
    through: pieces.through.replace('|', '│'),
    leaf: drawn(pieces.leaf, ''),
    dash: '─',
  };
}
