import { expect, test } from '@jest/globals';
import { coalesce } from '#readers/chain-map/coalesce.js';

/**
 * Returns a coalesced function that resolves with the number of its call, functions that end the calls in their order,
 * and a function that waits until a call can have started.
 */
function countedCalls() {
  const ends: (() => void)[] = [];
  const call = coalesce(async () => {
    const number = ends.length + 1;
    await new Promise<void>((resolve) => ends.push(resolve));
    return number;
  });
  const started = () => new Promise(setImmediate);
  return { call, ends, started };
}

test('callers that ask before a call starts share this call', async () => {
  const { call, ends, started } = countedCalls();
  const answers = Promise.all([call(), call(), call()]);
  await started();
  ends[0]!();
  expect(await answers).toEqual([1, 1, 1]);
});

test('callers that ask during a call share the next call, which starts after it', async () => {
  const { call, ends, started } = countedCalls();
  const first = call();
  await started();
  const others = Promise.all([call(), call()]);
  await started();
  expect(ends).toHaveLength(1);
  ends[0]!();
  await started();
  ends[1]!();
  expect([await first, await others]).toEqual([1, [2, 2]]);
});

test('a failed call fails only for the callers that share it', async () => {
  let calls = 0;
  const call = coalesce(async () => {
    calls += 1;
    if (calls === 1) {
      throw new Error('no list');
    }
    return calls;
  });
  const [first, second] = [call(), call()];
  await expect(first).rejects.toThrow('no list');
  await expect(second).rejects.toThrow('no list');
  await expect(call()).resolves.toBe(2);
});
