import type { CondensedMatrix, Dendrogram } from '../contracts/clusterer.js';
import { condensedIndex } from '../distance/condensed-index.js';

/**
 * Returns, as a new condensed matrix, the height at which each pair of leaves is first in the same cluster (Sokal and
 * Rohlf 1962). Takes O(n²) time.
 */
export function copheneticDistances(dendrogram: Dendrogram): CondensedMatrix {
  const { size, merges } = dendrogram;
  const values = new Float64Array((size * (size - 1)) / 2);
  const { starts, leaves } = contiguousOrder(dendrogram);
  for (const { left, right, height } of merges) {
    const leftEnd = starts[left]! + (left < size ? 1 : merges[left - size]!.size);
    const rightEnd = starts[right]! + (right < size ? 1 : merges[right - size]!.size);
    for (let i = starts[left]!; i < leftEnd; i++) {
      for (let j = starts[right]!; j < rightEnd; j++) {
        values[condensedIndex(size, leaves[i]!, leaves[j]!)] = height;
      }
    }
  }
  return { size, values };
}

/** Orders the leaves so that the leaves of a cluster are contiguous. Also returns where each cluster's leaves start. */
function contiguousOrder({ size, merges }: Dendrogram): { starts: Int32Array; leaves: Int32Array } {
  const starts = new Int32Array(size + merges.length);
  for (let k = merges.length - 1; k >= 0; k--) {
    const { left, right } = merges[k]!;
    starts[left] = starts[size + k]!;
    starts[right] = starts[left]! + (left < size ? 1 : merges[left - size]!.size);
  }
  const leaves = new Int32Array(size);
  for (let leaf = 0; leaf < size; leaf++) {
    leaves[starts[leaf]!] = leaf;
  }
  return { starts, leaves };
}
