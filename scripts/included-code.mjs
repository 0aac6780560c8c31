/**
 * Documents show complete files of examples/. The code block after a line that ends in a link to such a file and a
 * colon contains the text of the file. `npm run docs` writes the text there, and a test checks that it is up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const INCLUDED = /(?<=\]\((?<path>[^)\s]*examples\/[^)\s]+)\):\n\n```\w+\n)(?:.*?\n)??(?=```$)/gms;

/** The documents that include code, relative to the repository. */
export const DOCUMENTS = ['README.md', 'docs/library.md', 'docs/writing-a-plugin.md'];

/**
 * Returns the document's text with the current text of the files that it includes. Paths are relative to `directory`.
 */
export function withIncludedCode(text, directory) {
  return text.replace(INCLUDED, (...found) => readFileSync(join(directory, found.at(-1).path), 'utf8'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.chdir(fileURLToPath(new URL('..', import.meta.url)));
  for (const document of DOCUMENTS) {
    const text = readFileSync(document, 'utf8');
    writeFileSync(document, withIncludedCode(text, dirname(document)));
  }
}
