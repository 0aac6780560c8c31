import type { Cladogram } from '@virt-similarity/core';

/**
 * Returns the length of the branch above every cluster: (height of its parent − its own height) ⁄ 2, where leaves have
 * height 0 and the root has a branch of 0. The path between two leaves is then as long as the height at which they
 * were merged, as in R's `as.phylo.hclust`. A length is negative if the parent is lower than its child, which is
 * possible with centroid and median linkage.
 */
export function branchLengths(tree: Cladogram): Float64Array {
  const { size, nodes } = tree;
  const lengths = new Float64Array(size + nodes.length);
  for (const { height, children } of nodes) {
    for (const child of children) {
      lengths[child] = (height - (nodes[child - size]?.height ?? 0)) / 2;
    }
  }
  return lengths;
}
