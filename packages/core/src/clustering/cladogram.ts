import type { Cladogram, CladogramNode } from '../contracts/analysis.js';
import type { Dendrogram } from '../contracts/clusterer.js';
import { equalHeights } from './equal-heights.js';
import { firstLeavesOf } from './first-leaves.js';

/**
 * Returns the cladogram of a dendrogram: each merge is combined with its parent if both have the same height, up to
 * rounding. Merges of equal height that are not connected in the tree stay separate.
 */
export function cladogramOf(dendrogram: Dendrogram): Cladogram {
  const { size, merges } = dendrogram;
  const tops = topMerges(dendrogram);
  const firstLeaves = firstLeavesOf(size, merges);

  // The children of each top merge's node: leaves and other top merges.
  const childrenOf = merges.map((): number[] => []);
  merges.forEach(({ left, right }, k) => {
    for (const child of [left, right]) {
      if (child < size || tops[child - size] === child - size) {
        childrenOf[tops[k]!]!.push(child);
      }
    }
  });

  const nodes: CladogramNode[] = [];
  const nodeNumbers = new Int32Array(merges.length);
  merges.forEach(({ height }, k) => {
    if (tops[k] === k) {
      const children = childrenOf[k]!.sort((a, b) => firstLeaves[a]! - firstLeaves[b]!);
      nodeNumbers[k] = size + nodes.length;
      nodes.push({ height, children: children.map((child) => (child < size ? child : nodeNumbers[child - size]!)) });
    }
  });
  return { size, nodes };
}

/** Returns, for each merge, the topmost merge in the same node of the cladogram, which may be the merge itself. */
function topMerges({ size, merges }: Dendrogram): Int32Array {
  const tops = Int32Array.from(merges, (_, k) => k);
  for (let k = merges.length - 1; k >= 0; k--) {
    const { left, right, height } = merges[k]!;
    for (const child of [left, right]) {
      if (child >= size && equalHeights(merges[child - size]!.height, height)) {
        tops[child - size] = tops[k]!;
      }
    }
  }
  return tops;
}
