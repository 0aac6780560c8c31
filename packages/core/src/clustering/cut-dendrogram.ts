import type { Dendrogram } from '../contracts/clusterer.js';
import { VirtSimilarityError } from '../errors.js';

/** Where to cut a dendrogram: at a height, or so that a number of clusters results. */
export type Cut = { readonly height: number } | { readonly clusters: number };

/**
 * Cuts a dendrogram into clusters, as R's `cutree` does. With a height, the clusters are the largest subtrees without a
 * higher merge, as in SciPy's `fcluster` with the criterion `distance`. For n clusters, the merges in the last n − 1
 * rows are undone.
 *
 * Returns the number of the cluster of each leaf. Clusters are numbered from 0, in the order of their first leaves.
 *
 * @throws `usage` if the height is NaN, or if the number of clusters is not an integer from 1 to the number of leaves.
 */
export function cutDendrogram(dendrogram: Dendrogram, cut: Cut): Uint32Array {
  const { size, merges } = dendrogram;
  const isKept = 'height' in cut ? keptBelow(dendrogram, cut.height) : keptRows(size, cut.clusters);
  const roots = Int32Array.from({ length: size + merges.length }, (_, cluster) => cluster);
  for (let row = merges.length - 1; row >= 0; row--) {
    if (isKept(row)) {
      const { left, right } = merges[row]!;
      roots[left] = roots[right] = roots[size + row]!;
    }
  }
  const numbers = new Map<number, number>();
  return Uint32Array.from({ length: size }, (_, leaf) => {
    const root = roots[leaf]!;
    const number = numbers.get(root) ?? numbers.size;
    numbers.set(root, number);
    return number;
  });
}

/**
 * Returns a cut in the middle of the widest gap between consecutive heights, where the groups are most distinct. The
 * heights are 0 and those of the merges. Returns a cut at 0 if all heights are 0.
 */
export function widestGapCut({ merges }: Dendrogram): Cut {
  const heights = [0, ...merges.map(({ height }) => height)].sort((one, other) => one - other);
  let best = { width: 0, height: heights.at(-1)! };
  for (let index = 1; index < heights.length; index++) {
    const width = heights[index]! - heights[index - 1]!;
    if (width > best.width) {
      best = { width, height: heights[index - 1]! + width / 2 };
    }
  }
  return { height: best.height };
}

function keptBelow({ size, merges }: Dendrogram, height: number): (row: number) => boolean {
  if (Number.isNaN(height)) {
    throw new VirtSimilarityError('usage', '[clustering] expected a height to cut at, found NaN');
  }
  const highest = new Float64Array(merges.length);
  for (const [row, merge] of merges.entries()) {
    const below = [merge.left, merge.right].map((child) => (child < size ? 0 : highest[child - size]!));
    highest[row] = Math.max(merge.height, ...below);
  }
  return (row) => highest[row]! <= height;
}

function keptRows(size: number, clusters: number): (row: number) => boolean {
  if (!Number.isSafeInteger(clusters) || clusters < 1 || clusters > size) {
    const expected = `expected a number of clusters from 1 to ${size}`;
    throw new VirtSimilarityError('usage', `[clustering] ${expected}, found ${clusters}`);
  }
  return (row) => row < size - clusters;
}
