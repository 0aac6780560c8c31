import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

/** What a docstring begins a sentence with that should be a tag. */
const UNTAGGED = /(?:^|[.:)`] )Throws (?!nothing)/m;

const SOURCES = ['core', 'image-tools', 'readers', 'hashers', 'reporters', 'cli'].map((name) => `packages/${name}/src`);

test('docstrings say what is thrown in @throws', () => {
  const found = [...SOURCES, 'test/contracts/src'].flatMap((folder) =>
    readdirSync(resolve(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => docstringsOf(join(folder, name)).filter((text) => UNTAGGED.test(text))),
  );
  expect(found).toEqual([]);
});

/** The texts of a file's docstrings, without the asterisks. */
function docstringsOf(path: string): string[] {
  const comments = readFileSync(resolve(path), 'utf8').matchAll(/\/\*\*(.*?)\*\//gs);
  return Array.from(comments, ([, text = '']) => text.replace(/^[ \t]*\* ?/gm, '').trim());
}
