import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { pathText, shellOperand, shellWord, systemPath, terminalText } from '@virt-similarity/core';
import fc from 'fast-check';
import { anyText } from '../../../fixtures/any-text.js';

/** Returns the words that a shell parses. */
function wordsOf(shell: string, words: string): string[] {
  return pathText(execFileSync(shell, ['-c', `printf '%s\\0' ${words}`]))
    .split('\0')
    .slice(0, -1);
}

/** Characters with a meaning for a shell, a terminal or the escaping of messages. */
const AWKWARD = [
  ...'ab1x/.-_ \'"\\$`!*?[]{}()<>|&;#~\t\n\r\u001b\u0007é\u00a0\u2028\u202e\u2800\u{e0041}',
  '\udcff',
  '\udce9',
];
const awkwardPath = fc
  .array(fc.oneof(fc.constantFrom(...AWKWARD, '\\x41', '\\u{41}', '\\\\', '\\101'), anyText({ maxLength: 2 })))
  .map((parts) => parts.join('').replaceAll('\0', ''))
  // Not every text with lone surrogates represents a path.
  .filter((path) => pathText(Buffer.from(systemPath(path) as Buffer)) === path);

describe('a path as a word of a shell', () => {
  test.each([
    ['/images', "'/images'"],
    ["it's $HOME `now` !\\", "'it'\\''s $HOME `now` !\\'"],
    ['a\udcff\x1b[1m', "$'a\\377\\033\\1331m'"],
    ['a\\x41', "$'a\\134x41'"],
  ])('%j is quoted as %s', (path, word) => {
    expect(shellWord(path)).toBe(word);
  });

  test('is parsed as one word, the path itself, and is shown unchanged in a terminal', () => {
    const paths = fc.sample(awkwardPath, 300);
    const words = paths.map(shellWord);
    expect(words.map(terminalText)).toEqual(words);
    expect(wordsOf('bash', words.join(' '))).toEqual(paths);
    const quoted = words.filter((word) => word.startsWith("'"));
    expect(wordsOf('sh', quoted.join(' '))).toEqual(paths.filter((path) => shellWord(path).startsWith("'")));
  });

  test('is not parsed as an option if it is an operand', () => {
    expect(['-x.raw', 'x.raw', '/-x'].map(shellOperand)).toEqual(["'./-x.raw'", "'x.raw'", "'/-x'"]);
  });
});
