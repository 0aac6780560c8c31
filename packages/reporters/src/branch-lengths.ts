import type { Cladogram } from '@virt-similarity/core';

/**
 * The length of the branch above every cluster: (height of its parent − its own height) ⁄ 2, leaves having height 0 and
 * the root a branch of 0. The path between two leaves is then as long as the height at which they were merged, as in
 * R's `as.phylo.hclust`. Negative where a parent is lower than its child, as centroid and median linkage can have it.
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
