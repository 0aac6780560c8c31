import { describe, expect, test } from '@jest/globals';
import { sampleAnalysis } from '@virt-similarity/contract-tests';
import { binaryTree, leafOrder } from '#reporters/tree-order.js';
import { caterpillar } from '../../fixtures/analysis.js';

const { cladogram, dendrogram } = sampleAnalysis(
  ['a', 'b', 'c', 'd'],
  [
    [1, 3, 5],
    [0, 4, 5],
    [2, 5, 8],
  ],
);

describe('leafOrder', () => {
  test('lists the leaves of every cluster consecutively, in the order of drawing', () => {
    const { leaves, first, count } = leafOrder(cladogram);
    const below = (cluster: number) => [...leaves.subarray(first[cluster], first[cluster]! + count[cluster]!)];
    expect(cladogram.nodes.map((_, index) => below(cladogram.size + index))).toEqual([
      [0, 1, 3],
      [0, 1, 3, 2],
    ]);
    expect([0, 1, 2, 3].map(below)).toEqual([[0], [1], [2], [3]]);
  });

  test('handles a tree of 10,000 levels', () => {
    expect(leafOrder(caterpillar(10_000).cladogram).leaves[9_999]).toBe(9_999);
  });
});

describe('binaryTree', () => {
  test('has one node for every merge, with children ordered by their first images', () => {
    expect(binaryTree(dendrogram)).toEqual({
      size: 4,
      nodes: [
        { height: 5, children: [1, 3] },
        { height: 5, children: [0, 4] },
        { height: 8, children: [5, 2] },
      ],
    });
  });
});
