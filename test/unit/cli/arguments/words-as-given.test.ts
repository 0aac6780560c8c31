import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { wordsAsGiven } from '#cli/arguments/words-as-given.js';

const SCRIPT = `
  import { wordsAsGiven } from ${JSON.stringify(import.meta.resolve('#cli/arguments/words-as-given.js'))};
  console.log(JSON.stringify(await wordsAsGiven(process.argv.slice(1))));
`;

/** Returns what `wordsAsGiven` returns in a process that a shell starts with these arguments. */
function wordsOf(shellWords: string): unknown {
  const words = ['-c', `exec "$@" ${shellWords}`, 'bash', process.execPath, '--input-type=module', '-e', SCRIPT, '--'];
  const { stdout } = spawnSync('bash', words, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  return JSON.parse(stdout);
}

test('words that are not UTF-8 lose no byte, even among other words and after options of Node.js', () => {
  expect(wordsOf(`plain $'caf\\xe9' '' --add=$'\\xff\\xfe' 'Größe' $'\\xef\\xbf\\xbd'`)).toEqual([
    'plain',
    'caf\udce9',
    '',
    '--add=\udcff\udcfe',
    'Größe',
    '\ufffd',
  ]);
});

test('words that are not on the command line stay unchanged', async () => {
  const words = ['not', 'given', 'caf\uFFFD'];
  expect(await wordsAsGiven(words)).toEqual(words);
});
