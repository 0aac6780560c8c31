import type { Cladogram, CladogramNode } from '@virt-similarity/core';
import { leafOrder } from './tree-order.js';

/** A cladogram whose leaves represent groups of images. */
export interface FoldedTree {
  readonly tree: Cladogram;
  /** The images of each leaf, in drawing order. */
  readonly leaves: readonly (readonly number[])[];
  /** The number of nodes that were left out because they are too deep. */
  readonly omitted: number;
}

/**
 * Folds the images below each node of height 0 into one leaf, and leaves out nodes that have `levels` or more nodes
 * above them. The leaves of a node that is left out become children of the deepest node above it that remains.
 */
export function foldedTree(cladogram: Cladogram, levels: number): FoldedTree {
  const { size, nodes } = cladogram;
  const order = leafOrder(cladogram);
  const imagesOf = (cluster: number) => {
    const first = order.first[cluster]!;
    return [...order.leaves.subarray(first, first + order.count[cluster]!)];
  };
  const isLeaf = (cluster: number) => cluster < size || nodes[cluster - size]!.height === 0;
  const depths = depthsOf(cladogram);
  const childrenOf = (cluster: number): number[] => {
    const { children } = nodes[cluster - size]!;
    return depths[cluster]! < levels - 1 ? [...children] : children.flatMap((child) => leavesBelow(child));
  };
  const leavesBelow = (cluster: number): number[] => {
    const found: number[] = [];
    const pending = [cluster];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (isLeaf(next)) {
        found.push(next);
      } else {
        pending.push(...nodes[next - size]!.children.toReversed());
      }
    }
    return found;
  };

  const clusters = nodes.map((_, index) => size + index);
  const keptNodes = clusters.filter((node) => !isLeaf(node) && depths[node]! < levels);
  const children = keptNodes.map(childrenOf);
  const leafClusters = keptNodes.length === 0 ? [size + nodes.length - 1] : children.flat().filter(isLeaf);
  const numbers = new Map<number, number>();
  for (const cluster of [...leafClusters, ...keptNodes]) {
    numbers.set(cluster, numbers.size);
  }
  const folded: CladogramNode[] = keptNodes.map((node, index) => ({
    height: nodes[node - size]!.height,
    children: children[index]!.map((child) => numbers.get(child)!),
  }));
  const inner = clusters.filter((node) => !isLeaf(node)).length;
  return {
    tree: { size: leafClusters.length, nodes: folded },
    leaves: leafClusters.map(imagesOf),
    omitted: inner - keptNodes.length,
  };
}

/** Returns the number of nodes above each cluster. */
function depthsOf({ size, nodes }: Cladogram): Uint32Array {
  const depths = new Uint32Array(size + nodes.length);
  for (let index = nodes.length - 1; index >= 0; index--) {
    for (const child of nodes[index]!.children) {
      depths[child] = depths[size + index]! + 1;
    }
  }
  return depths;
}
