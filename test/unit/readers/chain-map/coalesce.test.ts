import { expect, test } from '@jest/globals';
import { coalesce } from '#readers/chain-map/coalesce.js';

/** A look that tells its number, and ends when it is told to. */
function countedLook() {
  const ends: (() => void)[] = [];
  const ask = coalesce(async () => {
    const number = ends.length + 1;
    await new Promise<void>((resolve) => ends.push(resolve));
    return number;
  });
  const begun = () => new Promise(setImmediate);
  return { ask, ends, begun };
}

test('all who ask before a look begins share it', async () => {
  const { ask, ends, begun } = countedLook();
  const answers = Promise.all([ask(), ask(), ask()]);
  await begun();
  ends[0]!();
  expect(await answers).toEqual([1, 1, 1]);
});

test('who asks while a look is taken shares the next, which begins after it', async () => {
  const { ask, ends, begun } = countedLook();
  const first = ask();
  await begun();
  const others = Promise.all([ask(), ask()]);
  await begun();
  expect(ends).toHaveLength(1);
  ends[0]!();
  await begun();
  ends[1]!();
  expect([await first, await others]).toEqual([1, [2, 2]]);
});

test('a look that fails does so for those who share it, and no others', async () => {
  let looks = 0;
  const ask = coalesce(async () => {
    looks += 1;
    if (looks === 1) {
      throw new Error('no list');
    }
    return looks;
  });
  const [first, second] = [ask(), ask()];
  await expect(first).rejects.toThrow('no list');
  await expect(second).rejects.toThrow('no list');
  await expect(ask()).resolves.toBe(2);
});
