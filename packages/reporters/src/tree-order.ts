import type { Cladogram, Dendrogram } from '@virt-similarity/core';

/** The order in which the leaves of a tree are drawn. Clusters are numbered as in `Cladogram`. */
export interface LeafOrder {
  /** The leaves in drawing order. */
  readonly leaves: Uint32Array;
  /** By cluster: the index in `leaves` of its first leaf; its other leaves follow. */
  readonly first: Uint32Array;
  /** By cluster: the number of its leaves. */
  readonly count: Uint32Array;
}

/** Computes the order in which a tree's leaves are drawn, in linear time and without recursion. */
export function leafOrder(tree: Cladogram): LeafOrder {
  const { size, nodes } = tree;
  const count = new Uint32Array(size + nodes.length).fill(1, 0, size);
  for (const [index, node] of nodes.entries()) {
    count[size + index] = node.children.reduce((sum, child) => sum + count[child]!, 0);
  }
  const first = new Uint32Array(size + nodes.length);
  for (let index = nodes.length - 1; index >= 0; index--) {
    let position = first[size + index]!;
    for (const child of nodes[index]!.children) {
      first[child] = position;
      position += count[child]!;
    }
  }
  const leaves = new Uint32Array(size);
  for (let leaf = 0; leaf < size; leaf++) {
    leaves[first[leaf]!] = leaf;
  }
  return { leaves, first, count };
}

/**
 * Converts a dendrogram to a cladogram with one node for every merge, tied or not; children are in order of first
 * image.
 */
export function binaryTree(dendrogram: Dendrogram): Cladogram {
  const { size, merges } = dendrogram;
  const firstImage = Uint32Array.from({ length: size + merges.length }, (_, cluster) => cluster);
  const nodes = merges.map(({ left, right, height }, index) => {
    const children = firstImage[left]! < firstImage[right]! ? [left, right] : [right, left];
    firstImage[size + index] = firstImage[children[0]!]!;
    return { height, children };
  });
  return { size, nodes };
}
