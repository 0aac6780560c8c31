import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { pathText, shellOperand, shellWord, systemPath } from '@virt-similarity/core';
import { terminalText } from '@virt-similarity/reporters';
import fc from 'fast-check';

/** What a shell makes of words. */
function wordsOf(shell: string, words: string): string[] {
  return pathText(execFileSync(shell, ['-c', `printf '%s\\0' ${words}`]))
    .split('\0')
    .slice(0, -1);
}

/** Characters that a shell, a terminal or the escapes of messages make something of. */
const AWKWARD = [
  ...'ab1x/.-_ \'"\\$`!*?[]{}()<>|&;#~\t\n\r\u001b\u0007é\u00a0\u2028\u202e\u2800\u{e0041}',
  '\udcff',
  '\udce9',
];
const awkwardPath = fc
  .array(
    fc.oneof(
      fc.constantFrom(...AWKWARD, '\\x41', '\\u{41}', '\\\\', '\\101'),
      fc.string({ unit: 'binary', maxLength: 2 }),
    ),
  )
  .map((parts) => parts.join('').replaceAll('\0', ''))
  // Not every text with lone surrogates is that of a path.
  .filter((path) => pathText(Buffer.from(systemPath(path) as Buffer)) === path);

describe('a path as a word of a shell', () => {
  test.each([
    ['/images', "'/images'"],
    ["it's $HOME `now` !\\", "'it'\\''s $HOME `now` !\\'"],
    ['a\udcff\x1b[1m', "$'a\\377\\033\\1331m'"],
    ['a\\x41', "$'a\\134x41'"],
  ])('%j is %s', (path, word) => {
    expect(shellWord(path)).toBe(word);
  });

  test('is one word, the path itself, and is pasted from a terminal as it is shown', () => {
    const paths = fc.sample(awkwardPath, 300);
    const words = paths.map(shellWord);
    expect(words.map(terminalText)).toEqual(words);
    expect(wordsOf('bash', words.join(' '))).toEqual(paths);
    const quoted = words.filter((word) => word.startsWith("'"));
    expect(wordsOf('sh', quoted.join(' '))).toEqual(paths.filter((path) => shellWord(path).startsWith("'")));
  });

  test('is no option where an operand is expected', () => {
    expect(['-x.raw', 'x.raw', '/-x'].map(shellOperand)).toEqual(["'./-x.raw'", "'x.raw'", "'/-x'"]);
  });
});
