import { describe, expect, test } from '@jest/globals';
import { sampleAnalysis } from '@virt-similarity/testing';
import { binaryTree, leafOrder } from '#reporters/tree-order.js';
import { caterpillar } from '../../fixtures/analysis.js';

const { cladogram } = sampleAnalysis(
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

  test('handles a tree of 9,999 levels', () => {
    expect(leafOrder(caterpillar(10_000).cladogram).leaves[9_999]).toBe(9_999);
  });
});

describe('binaryTree', () => {
  test('replaces a node with more than two children by binary nodes of the same height, in the order of the children', () => {
    expect(binaryTree(cladogram)).toEqual({
      size: 4,
      nodes: [
        { height: 5, children: [0, 1] },
        { height: 5, children: [4, 3] },
        { height: 8, children: [5, 2] },
      ],
    });
  });

  test('makes a tree of 14 levels from 10,000 equal images', () => {
    const size = 10_000;
    const children = Array.from({ length: size }, (_, image) => image);
    const { nodes } = binaryTree({ size, nodes: [{ height: 0, children }] });
    const depths = new Uint8Array(size + nodes.length);
    for (const [index, node] of nodes.entries()) {
      depths[size + index] = 1 + Math.max(...node.children.map((child) => depths[child]!));
    }
    expect(nodes).toHaveLength(size - 1);
    expect(depths.at(-1)).toBe(14);
  });
});
