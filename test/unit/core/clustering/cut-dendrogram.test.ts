import { describe, expect, test } from '@jest/globals';
import { cutDendrogram, nearestItems, widestGapCut } from '@virt-similarity/core';
import { sampleAnalysis } from '@virt-similarity/testing';
import fc from 'fast-check';
import { analyses, FAMILY } from '../../../fixtures/analysis.js';

const { dendrogram } = FAMILY;

describe('cutDendrogram', () => {
  test('joins items that merge at or below the height', () => {
    expect([...cutDendrogram(dendrogram, { height: 213 })]).toEqual([0, 0, 0, 1, 2, 3, 3, 3]);
    expect([...cutDendrogram(dendrogram, { height: 212.9 })]).toEqual([0, 1, 1, 2, 3, 4, 4, 4]);
    expect([...cutDendrogram(dendrogram, { height: -1 })]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...cutDendrogram(dendrogram, { height: 16384 })]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('like SciPy, ignores an inversion that contains a merge above the height', () => {
    const { dendrogram: inverted } = sampleAnalysis(
      ['a', 'b', 'c'],
      [
        [0, 1, 10],
        [2, 3, 9],
      ],
    );
    expect([...cutDendrogram(inverted, { height: 9.5 })]).toEqual([0, 1, 2]);
  });

  test('returns exactly the given number of clusters, in the order of first leaves', () => {
    fc.assert(
      fc.property(analyses(fc.uuid()), fc.nat(), ({ dendrogram: any }, pick) => {
        const clusters = 1 + (pick % any.size);
        const numbers = cutDendrogram(any, { clusters });
        expect([...new Set(numbers)]).toEqual(Array.from({ length: clusters }, (_, number) => number));
      }),
    );
  });

  test('refuses impossible numbers of clusters, and a height of NaN', () => {
    for (const clusters of [0, 9, 1.5, Number.NaN]) {
      expect(() => cutDendrogram(dendrogram, { clusters })).toThrow(/from 1 to 8, found/);
    }
    expect(() => cutDendrogram(dendrogram, { height: Number.NaN })).toThrow(/found NaN/);
  });
});

describe('widestGapCut', () => {
  test('cuts in the middle of the widest gap, or at 0 if there is no gap', () => {
    expect(widestGapCut(dendrogram)).toEqual({ height: (9000.125 + 16384) / 2 });
    expect(widestGapCut(sampleAnalysis(['a', 'b'], [[0, 1, 0]]).dendrogram)).toEqual({ height: 0 });
    expect(widestGapCut(sampleAnalysis(['a'], []).dendrogram)).toEqual({ height: 0 });
  });
});

describe('nearestItems', () => {
  test('finds the first of the nearest other items', () => {
    const { items, distances } = nearestItems(FAMILY.distances);
    expect([...items]).toEqual([1, 2, 1, 0, 5, 6, 5, 5]);
    expect([...distances]).toEqual([213, 17, 17, 2048, 9000.125, 0, 0, 0]);
  });

  test('finds nothing for a single item', () => {
    const { items, distances } = nearestItems({ size: 1, values: new Float64Array(0) });
    expect([[...items], [...distances]]).toEqual([[-1], [Number.NaN]]);
  });
});
