import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { flag, seed, texts, UsageError, wholeNumber } from '../../harness/options.js';
import { READERS, readersOption } from '../../harness/readers.js';
import { type Harness, runHarness } from '../../harness/run-harness.js';

const OPTIONS = {
  quick: flag('run less'),
  seed: seed('the random numbers'),
  kills: wholeNumber('number of kills'),
  target: texts('NAME', 'only this target'),
  readers: readersOption,
};

let given: unknown;
const harness: Harness<typeof OPTIONS> = {
  name: 'test:sample',
  purpose: 'Does nothing.',
  options: OPTIONS,
  run: async (values) => {
    given = values;
    if (values.kills === 13) {
      throw new UsageError('expected a number other than 13');
    }
    return values.kills !== 7;
  },
};

let printed: string[];
let errors: string[];

beforeEach(() => {
  [printed, errors] = [[], []];
  given = undefined;
  jest.spyOn(console, 'log').mockImplementation((text) => void printed.push(String(text)));
  jest.spyOn(console, 'error').mockImplementation((text) => void errors.push(String(text)));
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a harness', () => {
  test('receives the values of its options, including defaults', async () => {
    const words = ['--quick', '--seed', '5', '--kills=3', '--target', 'a', '--target', 'b', '--readers', 'raw,auto'];
    expect(await runHarness(harness, words)).toBe(0);
    expect(given).toEqual({ quick: true, seed: 5, kills: 3, target: ['a', 'b'], readers: ['auto', 'raw'] });
    await runHarness(harness, []);
    expect(given).toEqual({ quick: false, seed: expect.any(Number), kills: undefined, target: [], readers: undefined });
  });

  test('exits with 1 if it found a fault', async () => {
    expect(await runHarness(harness, ['--kills', '7'])).toBe(1);
  });

  test('only prints its usage, with every option, for --help', async () => {
    expect(await runHarness(harness, ['--help'])).toBe(0);
    expect(given).toBeUndefined();
    for (const option of [
      'usage: npm run test:sample',
      '--quick',
      '--seed N',
      '--kills N',
      '--target NAME',
      '--help',
    ]) {
      expect(printed.join('\n')).toContain(option);
    }
  });

  test.each([
    [['--slow'], /--slow/],
    [['word'], /word/],
    [['--seed', 'x'], /expected a whole number, found 'x'/],
    [['--kills', '-1'], /--kills/],
    [['--kills='], /expected a whole number, found ''/],
    [['--kills', '13'], /a number other than 13/],
    [['--readers', 'raw,floppy'], new RegExp(`${READERS.join(', ')}; found 'floppy'`)],
  ])('prints its usage and exits with 2 after %j', async (words, message) => {
    expect(await runHarness(harness, words)).toBe(2);
    expect(errors.join('\n')).toMatch(message);
    expect(errors.join('\n')).toMatch(/^test:sample: .*\n\nDoes nothing\.\n\nusage: /);
  });
});
