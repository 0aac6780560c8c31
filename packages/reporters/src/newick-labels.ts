import type { AnalyzedImage } from '@virt-similarity/core';
import { escapeSequence, terminalText, UNPRINTABLE } from './terminal-text.js';

/** ape 5.7 reads labels into a buffer of 512 bytes and crashes beyond. */
const MAXIMUM_SAFE_LENGTH = 100;

/** The label for a name of which nothing remains. */
const NAMELESS = 'image';

/**
 * What some reader of tables interprets: backslashes (our own escapes), quotes (Python, R), `#` (R's comments), blanks at
 * either end (stripped), and `= + - @` at the beginning, which make a cell a formula in spreadsheets; Excel takes their
 * full-width forms too.
 */
const TABLE_ESCAPED = new RegExp(`[\\\\"'#]|^[ =+\\-@\uff1d\uff0b\uff0d\uff20]| $|${UNPRINTABLE.source}`, 'gu');

/**
 * Labels of ASCII letters, digits, dots and hyphens, which every reader of Newick takes as they are.
 *
 * A name that is safe is its image's label. Every other label differs from the labels and from the names of all other
 * images, also where upper and lower case count as the same, as they do in DendroPy: it gets a number where necessary.
 * Two names that differ in case only are both changed.
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

/** The number of images whose labels are not their names. */
export function changedLabels(images: readonly AnalyzedImage[]): number {
  const labels = safeLabels(images);
  return images.filter(({ name }, index) => name !== labels[index]).length;
}

/** Equal for texts that differ in case only, those included whose upper-case forms alone are equal, such as `ſ` and `s`. */
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

/** Labels in single quotes, strictly by the Newick specification; unprintable characters are escaped. */
export function quotedLabels(images: readonly AnalyzedImage[]): string[] {
  return images.map(({ name }) => `'${terminalText(name).replaceAll("'", "''")}'`);
}

/**
 * A table of the safe labels with the images' names and paths: a header line, then one line for each image, in columns
 * separated by tabs. No cell contains a quote or begins like a formula: such characters, unprintable ones and backslashes
 * are written `\\`, `\xNN` or `\u{N…}`.
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
