import { expect, test } from '@jest/globals';
import { TransferCache } from '#readers/libguestfs/transfer-cache.js';

/** A cache of transfers of ten bytes, each full of its number, and the numbers of those that were made. */
function cacheOfTens() {
  const made: number[] = [];
  const cache = new TransferCache(async (number) => {
    made.push(number);
    return new Uint8Array(10).fill(number);
  });
  return { cache, made };
}

test('a transfer is made once for all reads of it', async () => {
  const { cache, made } = cacheOfTens();
  const [first, second] = await Promise.all([cache.take(3, 0, 5), cache.take(3, 5, 9)]);
  expect([first, second]).toEqual([new Uint8Array(5).fill(3), new Uint8Array(4).fill(3)]);
  expect(made).toEqual([3]);
});

test('a transfer is forgotten once it was read whole', async () => {
  const { cache, made } = cacheOfTens();
  await cache.take(3, 0, 5);
  await cache.take(3, 5, 10);
  await cache.take(3, 0, 1);
  expect(made).toEqual([3, 3]);
});

test('the two transfers that were used last are kept', async () => {
  const { cache, made } = cacheOfTens();
  for (const number of [1, 2, 1, 3, 1, 2]) {
    await cache.take(number, 0, 1);
  }
  expect(made).toEqual([1, 2, 3, 2]);
});

test('a transfer that failed is made again', async () => {
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
