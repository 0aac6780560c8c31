import type { AnalyzedImage } from '@virt-similarity/core';
import { escapeSequence, terminalText, UNPRINTABLE } from './terminal-text.js';

/** The longest stem of a safe label. ape 5.7 reads labels into a buffer of 512 bytes and crashes on longer ones. */
const MAXIMUM_SAFE_LENGTH = 100;

/** The label for a name without any safe characters. */
const NAMELESS = 'image';

/**
 * The characters that table readers interpret: backslashes (our own escapes), quotes (Python, R), `#` (comments in R),
 * spaces at either end (stripped), and `= + - @` at the beginning, which start a formula in spreadsheets, as do their
 * full-width forms in Excel.
 */
const TABLE_ESCAPED = new RegExp(`[\\\\"'#]|^[ =+\\-@\uff1d\uff0b\uff0d\uff20]| $|${UNPRINTABLE.source}`, 'gu');

/**
 * Returns labels of ASCII letters, digits, dots and hyphens, which every Newick reader reads unchanged.
 *
 * A safe name is used as its image's label. Every other label differs from the labels and names of all other images,
 * even if case is ignored, as in DendroPy; a number is appended where necessary. Names that differ only in case are
 * all changed.
 */
export function safeLabels(images: readonly AnalyzedImage[]): string[] {
  const owners = new Map<string, number>();
  for (const { name } of images) {
    owners.set(caseFolded(name), (owners.get(caseFolded(name)) ?? 0) + 1);
  }
  const taken = new Set(owners.keys());
  const lastSuffix = new Map<string, number>();
  return images.map(({ name }) => {
    const stem = safeStem(name);
    if (stem === name && owners.get(caseFolded(name)) === 1) {
      return name;
    }
    const key = caseFolded(stem);
    let label = stem;
    for (let suffix = lastSuffix.get(key) ?? 2; taken.has(caseFolded(label)); suffix++) {
      label = `${stem}-${suffix}`;
      lastSuffix.set(key, suffix + 1);
    }
    taken.add(caseFolded(label));
    return label;
  });
}

/** Returns the number of images whose labels differ from their names. */
export function changedLabels(images: readonly AnalyzedImage[]): number {
  const labels = safeLabels(images);
  return images.filter(({ name }, index) => name !== labels[index]).length;
}

/**
 * Folds case, so that texts that differ only in case become equal, even if only their upper-case forms are (`ſ`, `s`).
 */
function caseFolded(text: string): string {
  return text.toUpperCase().toLowerCase();
}

function safeStem(name: string): string {
  const ascii = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9.-]+/g, '-');
  return ascii.slice(0, MAXIMUM_SAFE_LENGTH).replace(/^-+|-+$/g, '') || NAMELESS;
}

/** Returns labels in single quotes, strictly by the Newick specification, with unprintable characters escaped. */
export function quotedLabels(images: readonly AnalyzedImage[]): string[] {
  return images.map(({ name }) => `'${terminalText(name).replaceAll("'", "''")}'`);
}

/**
 * Yields a table of the safe labels with the images' names and paths: a header line, then one line for each image,
 * with columns separated by tabs. No cell contains a quote or begins like a formula: such characters, unprintable ones
 * and backslashes are written as `\\`, `\xNN` or `\u{N…}`.
 */
export function* labelTable(images: readonly AnalyzedImage[]): Generator<string> {
  yield 'label\tname\tpath\n';
  const labels = safeLabels(images);
  for (const [index, { name, path }] of images.entries()) {
    yield `${labels[index]}\t${tableCell(name)}\t${tableCell(path)}\n`;
  }
}

function tableCell(text: string): string {
  return text.replace(TABLE_ESCAPED, escapeSequence);
}
