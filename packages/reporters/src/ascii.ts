import type { Analysis, Cladogram, OptionDeclarations, OptionValues, Reporter } from '@virt-similarity/core';
import { heightsCaption, heightText } from './height-text.js';
import { terminalText } from './terminal-text.js';

/** A cluster that is still to be drawn, and the prefixes of its lines. */
interface PendingCluster {
  readonly cluster: number;
  readonly firstLine: string;
  readonly otherLines: string;
}

/**
 * Draws the cladogram with ASCII characters, exactly as the original virt-similarity (2013) did.
 *
 * A leaf is `--- name` and a spacer row. A node starts with `---+---` on its first child's line; each further child
 * starts with `   +---`; every other line continues with `   |   `, or with seven spaces below the last child.
 */
export class AsciiReporter implements Reporter {
  readonly extension = '.txt';
  readonly mediaType = 'text/plain';
  readonly options: OptionDeclarations = {
    heights: { type: 'boolean', description: 'ascii: show the distance at which each group joins' },
  };

  *report(analysis: Analysis, options: OptionValues): Generator<string> {
    const { cladogram, images, parameters } = analysis;
    const stems = options.heights === true ? heightStems(cladogram) : cladogram.nodes.map(() => '---');
    yield* draw(
      cladogram,
      images.map(({ name }) => terminalText(name)),
      stems,
    );
    if (options.heights === true && cladogram.size > 1) {
      yield `${terminalText(heightsCaption(parameters))}\n`;
    }
  }
}

/** Returns each node's stem of dashes with its height, all of one length so that nodes are aligned. */
function heightStems({ nodes }: Cladogram): string[] {
  const texts = nodes.map(({ height }) => heightText(height));
  const width = texts.reduce((widest, text) => Math.max(widest, text.length), 0);
  return texts.map((text) => `${` ${text} `.padStart(width + 4, '-')}-`);
}

function* draw({ size, nodes }: Cladogram, names: readonly string[], stems: readonly string[]): Generator<string> {
  const pending: PendingCluster[] = [{ cluster: size + nodes.length - 1, firstLine: '', otherLines: '' }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { cluster, firstLine, otherLines } = next;
    if (cluster < size) {
      yield `${firstLine}--- ${names[cluster]}\n${otherLines}\n`;
      continue;
    }
    const { children } = nodes[cluster - size]!;
    const stem = stems[cluster - size]!;
    const blank = otherLines + ' '.repeat(stem.length);
    for (let position = children.length - 1; position >= 0; position--) {
      pending.push({
        cluster: children[position]!,
        firstLine: position === 0 ? `${firstLine}${stem}+---` : `${blank}+---`,
        otherLines: position === children.length - 1 ? `${blank}    ` : `${blank}|   `,
      });
    }
  }
}
