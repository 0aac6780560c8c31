import { describe, expect, test } from '@jest/globals';
import {
  type CondensedMatrix,
  condensedIndex,
  condensedRow,
  copheneticDistances,
  type Dendrogram,
  FastClusterer,
  MlHclustClusterer,
  SingleLinkage,
} from '@virt-similarity/core';
import * as fc from 'fast-check';
import { tiedMatrices } from '../../../../../fixtures/tied-matrices.js';

/** Returns the dendrogram of distances that are computed row by row, without a matrix. */
function withoutMatrix(size: number, distance: (i: number, j: number) => number): Dendrogram {
  const linkage = new SingleLinkage(size);
  for (let item = size - 1; item >= 0; item--) {
    linkage.add(Float64Array.from({ length: size - 1 - item }, (_, k) => distance(item, item + 1 + k)));
  }
  return linkage.dendrogram();
}

/** Returns the minimax path distances, which define a single-linkage tree (Floyd 1962, Warshall 1962). */
function minimaxDistances({ size, values }: CondensedMatrix): Float64Array {
  const steps = values.slice();
  for (let via = 0; via < size; via++) {
    for (let i = 0; i < size; i++) {
      for (let j = i + 1; j < size; j++) {
        if (i === via || j === via) {
          continue;
        }
        const path = Math.max(steps[condensedIndex(size, i, via)]!, steps[condensedIndex(size, via, j)]!);
        const direct = condensedIndex(size, i, j);
        steps[direct] = Math.min(steps[direct]!, path);
      }
    }
  }
  return steps;
}

describe('SingleLinkage', () => {
  test('returns the same dendrogram for rows of distances as the clusterer for a matrix', () => {
    fc.assert(
      fc.property(tiedMatrices, (matrix) => {
        const { size, values } = matrix;
        const dendrogram = withoutMatrix(size, (i, j) => values[condensedIndex(size, i, j)]!);
        expect(dendrogram).toEqual(new FastClusterer().cluster(matrix, 'single'));
      }),
    );
  });

  test('has exactly the heights of ml-hclust', async () => {
    await fc.assert(
      fc.asyncProperty(tiedMatrices, async (matrix) => {
        const expected = await new MlHclustClusterer().cluster(matrix, 'single');
        const found = new FastClusterer().cluster(matrix, 'single');
        expect(copheneticDistances(found)).toEqual(copheneticDistances(expected));
      }),
    );
  });

  test('has the minimax path distances as heights', () => {
    fc.assert(
      fc.property(tiedMatrices, (matrix) => {
        const dendrogram = new FastClusterer().cluster(matrix, 'single');
        expect(copheneticDistances(dendrogram).values).toEqual(minimaxDistances(matrix));
      }),
    );
  });

  test('does not overflow the stack for a caterpillar of 10,000 items', () => {
    const size = 10_000;
    // Items at 0, 1, 3, 6, …: each joins all items before it.
    const place = (i: number) => (i * (i + 1)) / 2;
    const { merges } = withoutMatrix(size, (i, j) => place(j) - place(i));
    expect(merges.map(({ height }) => height)).toEqual(Array.from({ length: size - 1 }, (_, k) => k + 1));
    expect(merges.map(({ size }) => size)).toEqual(Array.from({ length: size - 1 }, (_, k) => k + 2));
  });

  test('returns a tree without merges for one item', () => {
    expect(withoutMatrix(1, () => Number.NaN)).toEqual({ size: 1, merges: [], inverted: false });
  });

  test('does not retain the array of distances', () => {
    const linkage = new SingleLinkage(3);
    const buffer = new Float64Array(2);
    linkage.add(buffer.subarray(0, 0));
    buffer.set([5]);
    linkage.add(buffer.subarray(0, 1));
    buffer.set([4, 7]);
    linkage.add(buffer);
    buffer.fill(0);
    expect(linkage.dendrogram().merges.map(({ height }) => height)).toEqual([4, 5]);
  });

  test.each([0, -1, 1.5, Number.NaN, 40_000_001])('refuses %p items', (size) => {
    expect(() => new SingleLinkage(size)).toThrow(`expected 1 to 40000000 items, found ${size}`);
  });

  test('refuses a row of the wrong length', () => {
    const linkage = new SingleLinkage(3);
    linkage.add(new Float64Array(0));
    expect(() => linkage.add(new Float64Array(2))).toThrow(
      'expected 1 distances from item 1 to those after it, found 2 distances',
    );
  });

  test('refuses more items than its size', () => {
    const linkage = new SingleLinkage(1);
    linkage.add(new Float64Array(0));
    expect(() => linkage.add(new Float64Array(1))).toThrow('expected no more items');
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e200])(
    'refuses the distance %p, and then accepts a valid distance',
    (distance) => {
      const linkage = new SingleLinkage(3);
      linkage.add(new Float64Array(0));
      linkage.add(Float64Array.of(3));
      expect(() => linkage.add(Float64Array.of(2, distance))).toThrow(`between items 0 and 2, found ${distance}`);
      linkage.add(Float64Array.of(2, 4));
      expect(linkage.dendrogram().merges.map(({ height }) => height)).toEqual([2, 3]);
    },
  );

  test('refuses to build a tree before all items are added', () => {
    const linkage = new SingleLinkage(3);
    linkage.add(new Float64Array(0));
    expect(() => linkage.dendrogram()).toThrow('expected the distances of 3 items, found those of 1');
  });
});

describe('condensedRow', () => {
  test('returns the distances from an item to all later items', () => {
    const matrix = { size: 4, values: Float64Array.of(1, 2, 3, 4, 5, 6) };
    const rows = [0, 1, 2, 3].map((item) => [...condensedRow(matrix, item)]);
    expect(rows).toEqual([[1, 2, 3], [4, 5], [6], []]);
  });
});
