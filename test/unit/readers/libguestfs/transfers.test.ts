import { describe, expect, test } from '@jest/globals';
import type { Extent } from '@virt-similarity/core';
import fc from 'fast-check';
import { planTransfers, type Transfer, transfersWithin } from '#readers/libguestfs/transfers.js';

const LIMITS = { maxLength: 100, maxGap: 10 };

/** Yields consecutive extents of these lengths, alternating between zero and data. */
async function* extents(lengths: readonly number[]): AsyncGenerator<Extent> {
  let start = 0;
  for (const [index, length] of lengths.entries()) {
    if (length > 0) {
      yield { kind: index % 2 === 0 ? 'zero' : 'data', start, length };
    }
    start += length;
  }
}

function plan(...lengths: number[]): Promise<Transfer[]> {
  return planTransfers(extents(lengths), LIMITS);
}

describe('planTransfers', () => {
  test('plans no transfers without data', async () => {
    expect(await plan(1000)).toEqual([]);
  });

  test('omits holes at the start and end, and long holes between', async () => {
    expect(await plan(5, 20, 11, 20, 7)).toEqual([
      { start: 5, length: 20 },
      { start: 36, length: 20 },
    ]);
  });

  test('includes short holes', async () => {
    expect(await plan(0, 20, 10, 20)).toEqual([{ start: 0, length: 50 }]);
  });

  test('starts a new transfer at a short hole if a transfer across the hole would be too long', async () => {
    expect(await plan(0, 60, 5, 60)).toEqual([
      { start: 0, length: 60 },
      { start: 65, length: 60 },
    ]);
  });

  test('splits data that is too long', async () => {
    expect(await plan(3, 250)).toEqual([
      { start: 3, length: 100 },
      { start: 103, length: 100 },
      { start: 203, length: 50 },
    ]);
  });

  test('covers all data with ascending, disjoint transfers within the limits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(300), { maxLength: 30 }), async (lengths) => {
        const transfers = await planTransfers(extents(lengths), LIMITS);
        const covered = new Set<number>();
        let end = 0;
        for (const transfer of transfers) {
          expect(transfer.start).toBeGreaterThanOrEqual(end);
          expect(transfer.length).toBeGreaterThanOrEqual(1);
          expect(transfer.length).toBeLessThanOrEqual(LIMITS.maxLength);
          end = transfer.start + transfer.length;
          for (let position = transfer.start; position < end; position += 1) {
            covered.add(position);
          }
        }
        for await (const extent of extents(lengths)) {
          if (extent.kind === 'data') {
            const positions = Array.from({ length: extent.length }, (_, index) => extent.start + index);
            expect(positions.every((position) => covered.has(position))).toBe(true);
          }
        }
      }),
    );
  });
});

describe('transfersWithin', () => {
  const transfers = [
    { start: 10, length: 10 },
    { start: 20, length: 10 },
    { start: 50, length: 10 },
  ];

  test.each([
    [0, 10, []],
    [0, 11, [0]],
    [19, 21, [0, 1]],
    [30, 50, []],
    [15, 55, [0, 1, 2]],
    [59, 100, [2]],
    [60, 100, []],
    [15, 15, []],
  ])('returns the transfers from %i to %i', (start, end, expected) => {
    expect(transfersWithin(transfers, start, end)).toEqual(expected);
  });
});
