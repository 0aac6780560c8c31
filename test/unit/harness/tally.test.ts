import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { inLanes } from '../../harness/in-lanes.js';
import { Tally } from '../../harness/tally.js';

const FAULTS = ['losses', 'hangs'] as const;

beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
});

afterEach(() => {
  jest.restoreAllMocks();
});

test('a tally lists the faults of a row, and all counts in the totals', () => {
  const [total, one, other] = [new Tally(FAULTS), new Tally(FAULTS), new Tally(FAULTS)];
  one.count('runs', 3);
  other.count('runs');
  other.count('quiet runs');
  other.fault('hangs', 'run 4', 'killed');
  expect(console.log).toHaveBeenCalledWith('run 4: hangs: killed');
  expect(one.row([['one', 5]])).toBe('one    ok');
  expect(other.row([['other', 5]])).toBe('other  FAIL: 1 hangs');
  total.add(one);
  expect(total.isClean).toBe(true);
  total.add(other);
  expect(total.isClean).toBe(false);
  expect(total.events()).toBe('4 runs, 1 quiet runs');
  expect(total.totals(['runs', 'kills'])).toBe('4 runs, 0 kills, 0 losses, 1 hangs');
});

test('inLanes limits concurrency, and returns the results in order', async () => {
  const releases: (() => void)[] = [];
  let maximum = 0;
  let running = 0;
  const results = inLanes(2, [1, 2, 3, 4], async (item) => {
    running += 1;
    maximum = Math.max(maximum, running);
    await new Promise<void>((resolve) => releases.push(resolve));
    running -= 1;
    return item * 10;
  });
  // The item that started last finishes first.
  while (releases.length < 2) {
    await Promise.resolve();
  }
  for (let released = 0; released < 4; released += 1) {
    while (releases.length === 0) {
      await Promise.resolve();
    }
    releases.pop()?.();
  }
  expect(await results).toEqual([10, 20, 30, 40]);
  expect(maximum).toBe(2);
});
