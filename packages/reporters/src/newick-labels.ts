import type { AnalyzedImage } from '@virt-similarity/core';
import { escapeSequence, terminalText, UNPRINTABLE } from './terminal-text.js';

/** ape 5.7 reads labels into a buffer of 512 bytes and crashes beyond. */
const MAXIMUM_SAFE_LENGTH = 100;

/** Stands for a name of which nothing remains. */
const NAMELESS = 'image';

const TSV_ESCAPED = new RegExp(`\\\\|${UNPRINTABLE.source}`, 'gu');

/**
 * Labels of ASCII letters, digits, dots and hyphens, which every reader of Newick takes as they are.
 * Unique also where upper and lower case count as the same, as they do in DendroPy: the second `web` is `web-2`.
 */
export function safeLabels(images: readonly AnalyzedImage[]): string[] {
  const taken = new Set<string>();
  const lastSuffix = new Map<string, number>();
  return images.map(({ name }) => {
    const stem = safeStem(name);
    const key = stem.toLowerCase();
    let label = stem;
    for (let suffix = lastSuffix.get(key) ?? 2; taken.has(label.toLowerCase()); suffix++) {
      label = `${stem}-${suffix}`;
      lastSuffix.set(key, suffix + 1);
    }
    taken.add(label.toLowerCase());
    return label;
  });
}

function safeStem(name: string): string {
  const ascii = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9.-]+/g, '-');
  return ascii.slice(0, MAXIMUM_SAFE_LENGTH).replace(/^-+|-+$/g, '') || NAMELESS;
}

/** Labels in single quotes, strictly by the Newick specification; what cannot be printed stands escaped. */
export function quotedLabels(images: readonly AnalyzedImage[]): string[] {
  return images.map(({ name }) => `'${terminalText(name).replaceAll("'", "''")}'`);
}

/**
 * A table with a head line of safe labels and what they stand for, in columns parted by tabs.
 * Backslashes are written `\\`, and what is unprintable, tab and newline included, `\xNN` or `\u{N…}`.
 */
export function* labelTable(images: readonly AnalyzedImage[]): Generator<string> {
  yield 'label\tname\tpath\n';
  const labels = safeLabels(images);
  for (const [index, { name, path }] of images.entries()) {
    yield `${labels[index]}\t${tsvField(name)}\t${tsvField(path)}\n`;
  }
}

function tsvField(text: string): string {
  return text.replace(TSV_ESCAPED, escapeSequence);
}
