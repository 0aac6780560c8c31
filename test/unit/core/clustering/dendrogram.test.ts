import { describe, expect, test } from '@jest/globals';
import { dendrogramOf, type Join, MlHclustClusterer } from '@virt-similarity/core';

describe('dendrogramOf', () => {
  test('returns no rows for one leaf', () => {
    expect(dendrogramOf(1, [], 'single')).toEqual({ size: 1, merges: [], inverted: false });
  });

  test('sorts rows by height and renumbers them', () => {
    const joins: Join[] = [
      { left: 3, right: 2, height: 5 },
      { left: 1, right: 0, height: 4 },
      { left: 4, right: 5, height: 6 },
    ];
    expect(dendrogramOf(4, joins, 'single').merges).toEqual([
      { left: 0, right: 1, height: 4, size: 2 },
      { left: 2, right: 3, height: 5, size: 2 },
      { left: 4, right: 5, height: 6, size: 4 },
    ]);
  });

  test('returns the same rows for the same tree, regardless of the order of the joins', () => {
    const first: Join[] = [
      { left: 0, right: 4, height: 1 },
      { left: 2, right: 3, height: 1 },
      { left: 6, right: 1, height: 1 },
      { left: 5, right: 7, height: 2 },
    ];
    const second: Join[] = [
      { left: 3, right: 2, height: 1 },
      { left: 1, right: 5, height: 1 },
      { left: 4, right: 0, height: 1 },
      { left: 6, right: 7, height: 2 },
    ];
    expect(dendrogramOf(5, second, 'single')).toEqual(dendrogramOf(5, first, 'single'));
  });

  test('raises a merge that only rounding makes lower than the merge inside it', () => {
    const joins: Join[] = [
      { left: 0, right: 1, height: 0.3 },
      { left: 2, right: 3, height: 0.3 * (1 - Number.EPSILON) },
    ];
    const { merges, inverted } = dendrogramOf(3, joins, 'average');
    expect(merges.map(({ height }) => height)).toEqual([0.3, 0.3]);
    expect(inverted).toBe(false);
  });

  test('lists each cluster before the merges that contain it, despite inversions', () => {
    const joins: Join[] = [
      { left: 0, right: 1, height: 4 },
      { left: 2, right: 5, height: 3 },
      { left: 3, right: 4, height: 3.5 },
      { left: 6, right: 7, height: 5 },
    ];
    const { merges, inverted } = dendrogramOf(5, joins, 'centroid');
    expect(inverted).toBe(true);
    expect(merges).toEqual([
      { left: 3, right: 4, height: 3.5, size: 2 },
      { left: 0, right: 1, height: 4, size: 2 },
      { left: 2, right: 6, height: 3, size: 3 },
      { left: 5, right: 7, height: 5, size: 5 },
    ]);
  });

  test.each(['centroid', 'median'] as const)(
    'flags the inversion of a flat triangle under %s linkage',
    async (linkage) => {
      // The corners (0, 0), (1, 0) and (1/2, 0.9): the distance from the third to the middle of the others is only 0.9.
      const side = Math.hypot(0.5, 0.9);
      const triangle = { size: 3, values: Float64Array.of(1, side, side) };
      const { merges, inverted } = await new MlHclustClusterer().cluster(triangle, linkage);
      expect(inverted).toBe(true);
      expect(merges[1]!.height).toBeCloseTo(0.9, 12);
    },
  );

  test.each(['average', 'ward'] as const)('does not flag the same triangle under %s linkage', async (linkage) => {
    const side = Math.hypot(0.5, 0.9);
    const triangle = { size: 3, values: Float64Array.of(1, side, side) };
    expect((await new MlHclustClusterer().cluster(triangle, linkage)).inverted).toBe(false);
  });

  test('accepts a caterpillar tree of 20,000 leaves', () => {
    const size = 20_000;
    const joins = Array.from({ length: size - 1 }, (_, k) => ({
      left: k === 0 ? 0 : size + k - 1,
      right: k + 1,
      height: k,
    }));
    expect(dendrogramOf(size, joins, 'single').merges.at(-1)).toEqual({
      left: size - 1,
      right: 2 * size - 3,
      height: size - 2,
      size,
    });
  });
});
