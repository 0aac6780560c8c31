import { describe, expect, test } from '@jest/globals';
import {
  type CondensedMatrix,
  cladogramOf,
  copheneticDistances,
  FastClusterer,
  MlHclustClusterer,
} from '@virt-similarity/core';
import { assertGreedy } from '@virt-similarity/testing';
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

/** Uniformly random distances of 53 bits: ties and near ties are so unlikely that the tree is unique. */
const untied = fc.noBias(fc.noShrink(matrices(fc.maxSafeNat())));
const tied = matrices(fc.integer({ min: 0, max: 3 }));

/** Expects two lists of heights to be equal except for rounding. */
function expectClose(actual: Float64Array, expected: Float64Array): void {
  expect(actual.length).toBe(expected.length);
  expect(actual.every((height, k) => Math.abs(height - expected[k]!) <= 1e-9 * expected[k]!)).toBe(true);
}

describe('ml-hclust and the fast engine', () => {
  test.each(fast.linkages)('return the same merges for distances without ties, under %s linkage', async (linkage) => {
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

  test('return the same cophenetic distances for heavily tied distances, under single linkage', async () => {
    await fc.assert(
      fc.asyncProperty(tied, async (matrix) => {
        const expected = await mlHclust.cluster(matrix, 'single');
        const actual = fast.cluster(matrix, 'single');
        expect(copheneticDistances(actual)).toEqual(copheneticDistances(expected));
      }),
    );
  });

  test('return the same cladogram when they break ties differently', async () => {
    const distances = [0, 2, 0, 1, 0, 1, 1, 2, 0, 1, 0, 1, 1, 2, 1, 2, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1];
    const matrix = { size: 8, values: Float64Array.from(distances) };
    const expected = await mlHclust.cluster(matrix, 'single');
    expect(cladogramOf(fast.cluster(matrix, 'single'))).toEqual(cladogramOf(expected));
  });

  test('return the same cladogram for heavily tied distances, under single linkage', async () => {
    await fc.assert(
      fc.asyncProperty(tied, async (matrix) => {
        const expected = await mlHclust.cluster(matrix, 'single');
        expect(cladogramOf(fast.cluster(matrix, 'single'))).toEqual(cladogramOf(expected));
      }),
    );
  });

  // Under every linkage except single, the choice between equally close pairs can change the tree and its heights.
  // So correct results can differ, but each engine's result must be correct.
  test.each(fast.linkages)(
    'always join a closest pair of heavily tied distances, under %s linkage',
    async (linkage) => {
      await fc.assert(
        fc.asyncProperty(tied, async (matrix) => {
          assertGreedy(matrix, linkage, await mlHclust.cluster(matrix, linkage));
          assertGreedy(matrix, linkage, fast.cluster(matrix, linkage));
        }),
      );
    },
  );

  // Ward is omitted: its heights grow with the sizes of clusters, so they differ from the ultrametric distances.
  test.each(['single', 'complete', 'average', 'weighted'] as const)(
    'recover the tree from which tied distances were derived, under %s linkage',
    async (linkage) => {
      await fc.assert(
        fc.asyncProperty(tied, async (matrix) => {
          const ultrametric = copheneticDistances(fast.cluster(matrix, 'single'));
          expectClose(copheneticDistances(await mlHclust.cluster(ultrametric, linkage)).values, ultrametric.values);
          expectClose(copheneticDistances(fast.cluster(ultrametric, linkage)).values, ultrametric.values);
        }),
      );
    },
  );
});

describe('ml-hclust', () => {
  test.each(['centroid', 'median'] as const)(
    'always joins the closest pair without ties, under %s linkage',
    async (linkage) => {
      await fc.assert(
        fc.asyncProperty(untied, async (matrix) => {
          assertGreedy(matrix, linkage, await mlHclust.cluster(matrix, linkage));
        }),
      );
    },
  );
});
