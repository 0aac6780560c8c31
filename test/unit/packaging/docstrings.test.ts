import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

/** A sentence of a docstring that should be a `@throws` tag. */
const UNTAGGED = /(?:^|[.:)`] )Throws (?!nothing)/m;

const SOURCES = ['core', 'image-tools', 'readers', 'hashers', 'reporters', 'testing', 'cli'].map(
  (name) => `packages/${name}/src`,
);

test('docstrings describe errors with @throws', () => {
  const found = SOURCES.flatMap((folder) =>
    readdirSync(resolve(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => docstringsOf(join(folder, name)).filter((text) => UNTAGGED.test(text))),
  );
  expect(found).toEqual([]);
});

/** Returns the texts of a file's docstrings, without asterisks. */
function docstringsOf(path: string): string[] {
  const comments = readFileSync(resolve(path), 'utf8').matchAll(/\/\*\*(.*?)\*\//gs);
  return Array.from(comments, ([, text = '']) => text.replace(/^[ \t]*\* ?/gm, '').trim());
}
