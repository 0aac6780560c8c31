import type { Dendrogram, Merge } from '../contracts/clusterer.js';
import { messageOf, VirtSimilarityError } from '../errors.js';

/** Throws `plugin` where what a clusterer made of `size` things is no dendrogram of them. */
export function requireDendrogram(found: Dendrogram, size: number): void {
  const problem = problemOf(found, size);
  if (problem !== undefined)
    throw new VirtSimilarityError('plugin', `expected a dendrogram of ${size} things, ${problem}`);
}

function problemOf(found: Dendrogram | undefined, size: number): string | undefined {
  const merges: readonly Merge[] | undefined = found?.merges;
  if (!Array.isArray(merges) || found?.size !== size || typeof found.inverted !== 'boolean') {
    return `found ${messageOf(found)}`;
  }
  if (merges.length !== size - 1) return `found one of ${merges.length} merges`;
  const leaves = new Float64Array(size + merges.length).fill(1, 0, size);
  const k = merges.findIndex((merge, index) => !takesPlace(merge, size + index, leaves));
  return k < 0 ? undefined : `found ${messageOf(merges[k])} for merge ${k}`;
}

/**
 * Whether the merge can make that cluster of two others, which then are no longer to be had.
 *
 * @param leaves by cluster: its leaves; 0 where it does not exist yet or any more
 */
function takesPlace({ left, right, height, size }: Merge, cluster: number, leaves: Float64Array): boolean {
  const isWhole = left < right && (leaves[left] ?? 0) + (leaves[right] ?? 0) === size;
  if (!isWhole || !leaves[left] || !leaves[right] || !Number.isFinite(height) || height < 0) return false;
  leaves[left] = 0;
  leaves[right] = 0;
  leaves[cluster] = size;
  return true;
}
