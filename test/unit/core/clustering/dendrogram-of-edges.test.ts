import { describe, expect, test } from '@jest/globals';
import { cladogramOf, condensedIndex, dendrogramOfEdges, type Edge, FastClusterer } from '@virt-similarity/core';
import fc from 'fast-check';

/** Matrices of 2 to 12 items with many tied distances. */
const anyMatrix = fc
  .integer({ min: 2, max: 12 })
  .chain((size) =>
    fc
      .array(fc.integer({ min: 0, max: 6 }), { minLength: (size * (size - 1)) / 2, maxLength: (size * (size - 1)) / 2 })
      .map((values) => ({ size, values: Float64Array.from(values) })),
  );

function edgesOf({ size, values }: { size: number; values: Float64Array }): Edge[] {
  return Array.from({ length: size }, (_, from) =>
    Array.from({ length: size - from - 1 }, (_, k) => {
      const to = from + k + 1;
      return { from, to, distance: values[condensedIndex(size, from, to)]! };
    }),
  ).flat();
}

describe('dendrogramOfEdges', () => {
  test('returns the single-linkage tree, regardless of the order and direction of the edges', async () => {
    await fc.assert(
      fc.asyncProperty(anyMatrix, fc.infiniteStream(fc.boolean()), fc.nat(), async (matrix, turns, rotation) => {
        const edges = edgesOf(matrix).map((edge) =>
          turns.next().value ? { ...edge, from: edge.to, to: edge.from } : edge,
        );
        const start = rotation % edges.length;
        const rotated = [...edges.slice(start), ...edges.slice(0, start)];
        const dendrogram = dendrogramOfEdges(matrix.size, rotated);
        expect(dendrogram).toEqual(dendrogramOfEdges(matrix.size, edges));
        const expected = await new FastClusterer().cluster(matrix, 'single');
        expect(cladogramOf(dendrogram)).toEqual(cladogramOf(expected));
      }),
    );
  });

  test('needs only the edges of a spanning tree', () => {
    const edges = [
      { from: 2, to: 0, distance: 5 },
      { from: 1, to: 2, distance: 1 },
    ];
    expect(dendrogramOfEdges(3, edges).merges).toEqual([
      { left: 1, right: 2, height: 1, size: 2 },
      { left: 0, right: 3, height: 5, size: 3 },
    ]);
  });

  test('returns no merges for one item', () => {
    expect(dendrogramOfEdges(1, [])).toEqual({ size: 1, merges: [], inverted: false });
  });

  test.each<[string, number, Edge[], string]>([
    ['no items', 0, [], 'at least one item'],
    [
      'unconnected items',
      4,
      [1, 2, 3].map((distance) => ({ from: 0, to: 1, distance })),
      'found 3 groups without an edge between them; add edges',
    ],
    [
      'fewer edges than a tree has, before it allocates memory for the items',
      2 ** 40,
      [{ from: 0, to: 1, distance: 1 }],
      'found 1 edges',
    ],
    [
      'an edge to an unknown item',
      2,
      [{ from: 0, to: 2, distance: 1 }],
      'two different items from 0 to 1, found one from 0 to 2',
    ],
    ['an edge of an item to itself', 2, [{ from: 1, to: 1, distance: 1 }], 'found one from 1 to 1'],
    ['an unusable distance', 2, [{ from: 0, to: 1, distance: Number.NaN }], 'between items 0 and 1, found NaN'],
  ])('refuses %s', (_, size, edges, message) => {
    expect(() => dendrogramOfEdges(size, edges)).toThrow(message);
    expect(() => dendrogramOfEdges(size, edges)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
