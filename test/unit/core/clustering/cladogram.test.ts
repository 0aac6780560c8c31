import { describe, expect, test } from '@jest/globals';
import {
  type Cladogram,
  cladogramOf,
  dendrogramOf,
  FastClusterer,
  type Join,
  type Linkage,
} from '@virt-similarity/core';
import * as fc from 'fast-check';

function cladogram(size: number, joins: readonly Join[], linkage: Linkage = 'single'): Cladogram {
  return cladogramOf(dendrogramOf(size, joins, linkage));
}

describe('cladogramOf', () => {
  test('returns no node for one leaf', () => {
    expect(cladogram(1, [])).toEqual({ size: 1, nodes: [] });
  });

  test('combines connected merges of equal height', () => {
    const joins = [
      { left: 1, right: 3, height: 2 },
      { left: 0, right: 4, height: 2 },
      { left: 2, right: 5, height: 7 },
    ];
    expect(cladogram(4, joins).nodes).toEqual([
      { height: 2, children: [0, 1, 3] },
      { height: 7, children: [4, 2] },
    ]);
  });

  test('keeps two unrelated pairs of twins separate', () => {
    const twins = { size: 4, values: Float64Array.of(9, 0, 9, 9, 0, 9) };
    expect(cladogramOf(new FastClusterer().cluster(twins, 'single')).nodes).toEqual([
      { height: 0, children: [0, 2] },
      { height: 0, children: [1, 3] },
      { height: 9, children: [4, 5] },
    ]);
  });

  test('combines heights that differ only by rounding', () => {
    const joins = [
      { left: 0, right: 1, height: 0.1 + 0.2 },
      { left: 2, right: 3, height: 0.3 },
    ];
    expect(cladogram(3, joins, 'average').nodes).toHaveLength(1);
  });

  test('does not combine heights that differ by more than rounding', () => {
    const joins = [
      { left: 0, right: 1, height: 0.3 },
      { left: 2, right: 3, height: 0.3 * (1 + 1e-9) },
    ];
    expect(cladogram(3, joins).nodes).toHaveLength(2);
  });

  test('does not combine an inversion with the merge above it', () => {
    const joins = [
      { left: 0, right: 1, height: 4 },
      { left: 2, right: 3, height: 3 },
    ];
    expect(cladogram(3, joins, 'centroid').nodes).toEqual([
      { height: 4, children: [0, 1] },
      { height: 3, children: [3, 2] },
    ]);
  });

  test('draws equal images as one node', () => {
    const equal = { size: 5, values: new Float64Array(10) };
    expect(cladogramOf(new FastClusterer().cluster(equal, 'single')).nodes).toEqual([
      { height: 0, children: [0, 1, 2, 3, 4] },
    ]);
  });

  test('gives each cluster but the root one parent, lists children first, and sorts siblings by first leaf', () => {
    const tied = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 45, maxLength: 45 });
    fc.assert(
      fc.property(tied, fc.constantFrom(...new FastClusterer().linkages), (values, linkage) => {
        const matrix = { size: 10, values: Float64Array.from(values) };
        const { size, nodes } = cladogramOf(new FastClusterer().cluster(matrix, linkage));
        expect(nodes.flatMap(({ children }) => children).toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: size + nodes.length - 1 }, (_, cluster) => cluster),
        );
        const firstLeaves = Array.from({ length: size }, (_, leaf) => leaf);
        nodes.forEach(({ height, children }, k) => {
          const first = children.map((child) => firstLeaves[child]!);
          expect(children.every((child) => child < size + k)).toBe(true);
          expect(first).toEqual(first.toSorted((a, b) => a - b));
          expect(children.every((child) => child < size || nodes[child - size]!.height < height)).toBe(true);
          firstLeaves.push(first[0]!);
        });
      }),
    );
  });
});
