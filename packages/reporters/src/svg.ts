import type { Analysis, OptionDeclarations, OptionValues, Reporter } from '@virt-similarity/core';
import { distanceBetween, terminalText } from '@virt-similarity/core/reporting';
import { CLUSTER_COLORS } from './cluster-colors.js';
import { CLUSTER_OPTIONS, clustersOf, isCutChosen } from './clusters-of.js';
import { heightsCaption, heightText } from './height-text.js';
import { loadWidthOf } from './shortened.js';
import { leafOrder } from './tree-order.js';
import { xmlText } from './xml-text.js';

/** The sizes of the parts of the drawing, in pixels. */
const ROW = 18;
const TREE_WIDTH = 480;
const MARGIN = 16;
const AXIS = 40;
const CHARACTER = 7.2;
const TEXT_GAP = 6;
/** The largest number of intervals on the axis. */
const TICKS = 6;

/** Writes the cladogram as an SVG image, drawn to scale: the position of a node is its height. */
export class SvgReporter implements Reporter {
  readonly extension = '.svg';
  readonly mediaType = 'image/svg+xml';
  readonly options: OptionDeclarations = {
    'heat-map': { type: 'boolean', description: 'svg: draw the distances of all pairs beside the tree' },
    ...CLUSTER_OPTIONS,
  };

  async *report(analysis: Analysis, options: OptionValues): AsyncGenerator<string> {
    const { images, parameters } = analysis;
    const names = images.map(({ name }) => xmlText(name));
    const texts = images.map(({ name }) => terminalText(name));
    const widthOf = await loadWidthOf(texts);
    const nameWidth = Math.ceil(texts.reduce((widest, text) => Math.max(widest, widthOf(text)), 0) * CHARACTER);
    const hasMap = options['heat-map'] === true;
    const mapAt = MARGIN + TREE_WIDTH + TEXT_GAP + nameWidth + TEXT_GAP;
    const width = mapAt + (hasMap ? images.length * ROW : 0) + MARGIN;
    const height = MARGIN + images.length * ROW + AXIS + MARGIN;
    const colors = colorsOf(analysis, options);
    yield `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif" font-size="12">\n`;
    yield `<title>${xmlText(`Cladogram of ${images.length} images`)}</title>\n`;
    yield `<desc>${xmlText(heightsCaption(parameters))}</desc>\n<rect width="100%" height="100%" fill="#fff"/>\n`;
    const layout = layoutOf(analysis);
    yield* branches(analysis, layout, colors);
    for (const [image, name] of names.entries()) {
      const x = MARGIN + TREE_WIDTH + TEXT_GAP;
      yield `<text x="${x}" y="${rounded(layout.y[image]! + 4)}" fill="${colors[image]}">${name}</text>\n`;
    }
    if (hasMap) {
      yield* heatMap(analysis, mapAt);
    }
    yield* axis(layout.highest, heightsCaption(parameters), height - MARGIN - AXIS);
    yield '</svg>\n';
  }
}

/** The position of each cluster of the cladogram, in pixels. */
interface Layout {
  /** The greatest height, at the left. With centroid and median linkage, the root can be lower than its parts. */
  readonly highest: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

function layoutOf({ cladogram }: Analysis): Layout {
  const { size, nodes } = cladogram;
  const { first } = leafOrder(cladogram);
  const x = new Float64Array(size + nodes.length).fill(MARGIN + TREE_WIDTH);
  const y = Float64Array.from({ length: size + nodes.length }, (_, leaf) => MARGIN + (first[leaf]! + 0.5) * ROW);
  const highest = nodes.reduce((most, { height }) => Math.max(most, height), 0);
  for (const [index, { height, children }] of nodes.entries()) {
    x[size + index] = MARGIN + TREE_WIDTH * (1 - height / Math.max(highest, Number.MIN_VALUE));
    y[size + index] = (y[children[0]!]! + y[children.at(-1)!]!) / 2;
  }
  return { highest, x, y };
}

/**
 * Returns the colour of each cluster of the cladogram. If the user cut the tree, a cluster of the cladogram has the
 * colour of the cut's cluster that contains it, or grey if its images are in several of these. Otherwise all clusters
 * are dark grey.
 */
function colorsOf(analysis: Analysis, options: OptionValues): string[] {
  const { size, nodes } = analysis.cladogram;
  if (!isCutChosen(options)) {
    return new Array<string>(size + nodes.length).fill('#222');
  }
  const clusters: (number | undefined)[] = [...clustersOf(analysis, options)];
  for (const { children } of nodes) {
    const below = new Set(children.map((child) => clusters[child]));
    clusters.push(below.size === 1 ? [...below][0] : undefined);
  }
  return clusters.map((cluster) => (cluster === undefined ? '#888' : CLUSTER_COLORS[cluster % CLUSTER_COLORS.length]!));
}

function* branches({ cladogram }: Analysis, { x, y }: Layout, colors: readonly string[]): Generator<string> {
  yield '<g fill="none" stroke-width="1.5">\n';
  for (const [index, { children }] of cladogram.nodes.entries()) {
    const node = cladogram.size + index;
    const from = rounded(x[node]!);
    yield `<path stroke="${colors[node]}" d="M${from} ${rounded(y[children[0]!]!)}V${rounded(y[children.at(-1)!]!)}"/>\n`;
    for (const child of children) {
      yield `<path stroke="${colors[child]}" d="M${from} ${rounded(y[child]!)}H${rounded(x[child]!)}"/>\n`;
    }
  }
  yield '</g>\n';
}

function* heatMap({ cladogram, distances }: Analysis, left: number): Generator<string> {
  const { size, values } = distances;
  const { leaves } = leafOrder(cladogram);
  const most = values.reduce((largest, value) => Math.max(largest, value), Number.MIN_VALUE);
  yield '<g>\n';
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const distance = distanceBetween(distances, leaves[row]!, leaves[column]!);
      const at = `x="${left + column * ROW}" y="${MARGIN + row * ROW}" width="${ROW}" height="${ROW}"`;
      yield `<rect ${at} fill="${heatColor(distance / most)}"/>\n`;
    }
  }
  yield '</g>\n';
}

/** Returns a colour from dark blue for 0 to nearly white for 1. */
function heatColor(fraction: number): string {
  const channel = (from: number, to: number) => Math.round(from + (to - from) * Math.sqrt(fraction));
  return `rgb(${channel(8, 247)},${channel(48, 251)},${channel(107, 255)})`;
}

function* axis(highest: number, caption: string, top: number): Generator<string> {
  const y = top + 8;
  yield `<g stroke="#888" fill="#444" font-size="10">\n<path d="M${MARGIN} ${y}H${MARGIN + TREE_WIDTH}"/>\n`;
  for (const tick of ticks(highest)) {
    const x = rounded(MARGIN + TREE_WIDTH * (1 - tick / Math.max(highest, Number.MIN_VALUE)));
    yield `<path d="M${x} ${y}v4"/><text stroke="none" text-anchor="middle" x="${x}" y="${y + 15}">${heightText(tick)}</text>\n`;
  }
  yield `<text stroke="none" x="${MARGIN}" y="${y + 30}">${xmlText(caption)}</text>\n</g>\n`;
}

/** Returns round numbers at equal intervals, from 0 to at most the highest height. */
function ticks(highest: number): number[] {
  if (highest === 0) {
    return [0];
  }
  const power = 10 ** Math.floor(Math.log10(highest / TICKS));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => highest / each <= TICKS)!;
  return Array.from({ length: Math.floor(highest / step) + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
