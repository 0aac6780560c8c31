import { describe, expect, test } from '@jest/globals';
import { assertGreedy } from '@virt-similarity/contract-tests';
import {
  type CondensedMatrix,
  cladogramOf,
  copheneticDistances,
  FastClusterer,
  MlHclustClusterer,
} from '@virt-similarity/core';
import * as fc from 'fast-check';

const mlHclust = new MlHclustClusterer();
const fast = new FastClusterer();

function matrices(distance: fc.Arbitrary<number>): fc.Arbitrary<CondensedMatrix> {
  return fc.integer({ min: 1, max: 24 }).chain((size) => {
    const pairs = (size * (size - 1)) / 2;
    return fc
      .array(distance, { minLength: pairs, maxLength: pairs })
      .map((values) => ({ size, values: Float64Array.from(values) }));
  });
}

/** Uniformly random distances of 53 bits: that two heights tie or nearly tie is so unlikely that the tree is unique. */
const untied = fc.noBias(fc.noShrink(matrices(fc.maxSafeNat())));
const tied = matrices(fc.integer({ min: 0, max: 3 }));

/** Expects two lists of heights to be the same but for rounding. */
function expectClose(actual: Float64Array, expected: Float64Array): void {
  expect(actual.length).toBe(expected.length);
  expect(actual.every((height, k) => Math.abs(height - expected[k]!) <= 1e-9 * expected[k]!)).toBe(true);
}

describe('ml-hclust and the fast engine', () => {
  test.each(fast.linkages)('give the same rows for distances without ties, under %s linkage', async (linkage) => {
    await fc.assert(
      fc.asyncProperty(untied, async (matrix) => {
        const expected = await mlHclust.cluster(matrix, linkage);
        const actual = fast.cluster(matrix, linkage);
        const shape = ({ left, right, size }: { left: number; right: number; size: number }) => [left, right, size];
        expect(actual.merges.map(shape)).toEqual(expected.merges.map(shape));
        expectClose(copheneticDistances(actual).values, copheneticDistances(expected).values);
      }),
    );
  });

  test('give the same cophenetic distances for heavily tied distances, under single linkage', async () => {
    await fc.assert(
      fc.asyncProperty(tied, async (matrix) => {
        const expected = await mlHclust.cluster(matrix, 'single');
        const actual = fast.cluster(matrix, 'single');
        expect(copheneticDistances(actual)).toEqual(copheneticDistances(expected));
      }),
    );
  });

  test('give the same cladogram for heavily tied distances, under single linkage', async () => {
    await fc.assert(
      fc.asyncProperty(tied, async (matrix) => {
        const expected = await mlHclust.cluster(matrix, 'single');
        expect(cladogramOf(fast.cluster(matrix, 'single'))).toEqual(cladogramOf(expected));
      }),
    );
  });

  // Which of several equally close pairs is joined first changes the tree and its heights under every linkage but
  // single, so two right answers can differ; each engine's must be one of the right ones.
  test.each(fast.linkages)(
    'join a closest pair each time, of heavily tied distances, under %s linkage',
    async (linkage) => {
      await fc.assert(
        fc.asyncProperty(tied, async (matrix) => {
          assertGreedy(matrix, linkage, await mlHclust.cluster(matrix, linkage));
          assertGreedy(matrix, linkage, fast.cluster(matrix, linkage));
        }),
      );
    },
  );

  test.each(fast.linkages)(
    'agree on ultrametric distances, which ties leave unique, under %s linkage',
    async (linkage) => {
      await fc.assert(
        fc.asyncProperty(tied, async (matrix) => {
          const ultrametric = copheneticDistances(fast.cluster(matrix, 'single'));
          const expected = await mlHclust.cluster(ultrametric, linkage);
          const actual = fast.cluster(ultrametric, linkage);
          expectClose(copheneticDistances(actual).values, copheneticDistances(expected).values);
        }),
      );
    },
  );
});

describe('ml-hclust', () => {
  test.each(['centroid', 'median'] as const)('joins a closest pair each time under %s linkage', async (linkage) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(untied, tied), async (matrix) => {
        assertGreedy(matrix, linkage, await mlHclust.cluster(matrix, linkage));
      }),
    );
  });
});
