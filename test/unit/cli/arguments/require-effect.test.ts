import { describe, expect, test } from '@jest/globals';
import { requireEffect } from '#cli/arguments/require-effect.js';
import { scanArguments } from '#cli/arguments/scan-arguments.js';
import { flagsOfNamed } from './sample-commands.js';

/** Returns the error message for the words; `undefined` if each has an effect. */
function problemOf(words: string, command = 'analyze'): string | undefined {
  try {
    requireEffect(scanArguments(words.split(' '), flagsOfNamed(command)));
    return undefined;
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

describe('requireEffect', () => {
  test.each([
    '--format raw a --format qcow2 b',
    'a --format raw -a b',
    '--format raw -d web',
    '--format raw --all-domains',
    'a --format raw b --format auto',
    '--format qcow2 a --format raw b --format qcow2',
    '-o t.nwk -o t.dot a b',
    '--metric jaccard a b --metric hamming',
    '--names n.tsv --names n.tsv a b',
    'a -- -0 --metric',
    '-q a - b',
  ])('accepts %s', (words) => {
    expect(problemOf(words)).toBeUndefined();
  });

  test.each([
    ['a b --format raw', '--format follows every image, so it applies to none; put it before the images it applies to'],
    ...['a b --format auto', 'a --format raw b --format raw', 'a --format raw b --format qcow2'].map((words) => [
      words,
      '--format follows every image, so it applies to none; put it before the images it applies to',
    ]),
    ['--names n.tsv a b --names m.tsv', '--names is given twice, as n.tsv and m.tsv; give it once'],
    ['-0 json a b', "unknown option '-0'; put -- before names that begin with a hyphen"],
  ])('refuses %s', (words, problem) => {
    expect(problemOf(words)).toBe(problem);
  });

  test('refuses a second output of hash, which accepts only one', () => {
    expect(problemOf('a -o a.arrow -o b.arrow', 'hash')).toBe(
      '--output is given twice, as a.arrow and b.arrow; give it once',
    );
  });
});
