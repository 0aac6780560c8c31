import { expect, test } from '@jest/globals';
import { TransferCache } from '#readers/libguestfs/transfer-cache.js';

/** Returns a cache of transfers of ten bytes, each filled with its number, and the numbers of executed transfers. */
function cacheOfTens() {
  const executed: number[] = [];
  const cache = new TransferCache(async (number) => {
    executed.push(number);
    return new Uint8Array(10).fill(number);
  });
  return { cache, executed };
}

test('a transfer is executed once for all its reads', async () => {
  const { cache, executed } = cacheOfTens();
  const [first, second] = await Promise.all([cache.take(3, 0, 5), cache.take(3, 5, 9)]);
  expect([first, second]).toEqual([new Uint8Array(5).fill(3), new Uint8Array(4).fill(3)]);
  expect(executed).toEqual([3]);
});

test('a transfer is discarded once it was read completely', async () => {
  const { cache, executed } = cacheOfTens();
  await cache.take(3, 0, 5);
  await cache.take(3, 5, 10);
  await cache.take(3, 0, 1);
  expect(executed).toEqual([3, 3]);
});

test('the two most recently used transfers are kept', async () => {
  const { cache, executed } = cacheOfTens();
  for (const number of [1, 2, 1, 3, 1, 2]) {
    await cache.take(number, 0, 1);
  }
  expect(executed).toEqual([1, 2, 3, 2]);
});

test('a failed transfer is executed again', async () => {
  let attempts = 0;
  const cache = new TransferCache(async () => {
    attempts += 1;
    if (attempts === 1) {
      throw new Error('once');
    }
    return new Uint8Array(1);
  });
  await expect(cache.take(0, 0, 1)).rejects.toThrow('once');
  await expect(cache.take(0, 0, 1)).resolves.toEqual(new Uint8Array(1));
});
