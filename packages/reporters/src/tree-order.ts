import type { Cladogram, CladogramNode, Dendrogram } from '@virt-similarity/core';

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

/** Returns the number of levels below the root. */
export function depthOf({ size, nodes }: Cladogram): number {
  const depths = new Uint32Array(size + nodes.length);
  for (const [index, { children }] of nodes.entries()) {
    depths[size + index] = 1 + children.reduce((deepest, child) => Math.max(deepest, depths[child]!), 0);
  }
  return depths.at(-1) ?? 0;
}

/**
 * Returns the cladogram as a binary tree. If a node has more than two children, they are halved repeatedly; the nodes
 * that this adds have the same height. Equal images therefore make a tree of logarithmic depth.
 */
export function binaryTree({ size, nodes }: Cladogram): Cladogram {
  const binary: CladogramNode[] = [];
  /** By cluster of the cladogram: its number in the binary tree. */
  const numbers = Uint32Array.from({ length: size + nodes.length }, (_, cluster) => cluster);
  const joined = (children: readonly number[], height: number): number => {
    if (children.length === 1) {
      return children[0]!;
    }
    const half = Math.ceil(children.length / 2);
    const halves = [children.slice(0, half), children.slice(half)].map((each) => joined(each, height));
    return size + binary.push({ height, children: halves }) - 1;
  };
  for (const [index, { height, children }] of nodes.entries()) {
    numbers[size + index] = joined(
      children.map((child) => numbers[child]!),
      height,
    );
  }
  return { size, nodes: binary };
}

/**
 * Returns a dendrogram as a tree with one node for each merge, even if merges are tied. The children of a node are
 * ordered by their lowest image number.
 */
export function mergeTree({ size, merges }: Dendrogram): Cladogram {
  const firstImage = Uint32Array.from({ length: size + merges.length }, (_, cluster) => cluster);
  const nodes = merges.map(({ left, right, height }, index) => {
    const children = firstImage[left]! < firstImage[right]! ? [left, right] : [right, left];
    firstImage[size + index] = firstImage[children[0]!]!;
    return { height, children };
  });
  return { size, nodes };
}
