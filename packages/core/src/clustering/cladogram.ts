import type { Cladogram, CladogramNode } from '../contracts/analysis.js';
import type { Dendrogram } from '../contracts/clusterer.js';
import { equalHeights } from './equal-heights.js';

/**
 * The dendrogram with each merge joined to the merge above it where both have the same height, up to rounding.
 * Merges of equal height of which neither is part of the other stay apart.
 */
export function cladogramOf(dendrogram: Dendrogram): Cladogram {
  const { size, merges } = dendrogram;
  const tops = topMerges(dendrogram);
  const firstLeaves = new Int32Array(size + merges.length);
  for (let leaf = 0; leaf < size; leaf++) {
    firstLeaves[leaf] = leaf;
  }
  merges.forEach(({ left, right }, k) => {
    firstLeaves[size + k] = Math.min(firstLeaves[left]!, firstLeaves[right]!);
  });

  // Clusters of the dendrogram below each top merge that are leaves or top merges themselves.
  const partsOf = merges.map((): number[] => []);
  merges.forEach(({ left, right }, k) => {
    for (const part of [left, right]) {
      if (part < size || tops[part - size] === part - size) {
        partsOf[tops[k]!]!.push(part);
      }
    }
  });

  const nodes: CladogramNode[] = [];
  const nodeNumbers = new Int32Array(merges.length);
  merges.forEach(({ height }, k) => {
    if (tops[k] === k) {
      const parts = partsOf[k]!.sort((a, b) => firstLeaves[a]! - firstLeaves[b]!);
      nodeNumbers[k] = size + nodes.length;
      nodes.push({ height, children: parts.map((part) => (part < size ? part : nodeNumbers[part - size]!)) });
    }
  });
  return { size, nodes };
}

/** For each merge the highest of those that are drawn as one node with it, itself included. */
function topMerges({ size, merges }: Dendrogram): Int32Array {
  const tops = Int32Array.from(merges, (_, k) => k);
  for (let k = merges.length - 1; k >= 0; k--) {
    const { left, right, height } = merges[k]!;
    for (const part of [left, right]) {
      if (part >= size && equalHeights(merges[part - size]!.height, height)) {
        tops[part - size] = tops[k]!;
      }
    }
  }
  return tops;
}
