import type { Clusterer, CondensedMatrix, Dendrogram, Linkage, Merge } from '../contracts/clusterer.js';
import type { NamedPart } from '../contracts/plugin.js';
import { messageOf, pluginError, VirtSimilarityError } from '../errors.js';

/**
 * Clusters the matrix and checks the result.
 *
 * @throws `plugin` if the clusterer does not return a dendrogram of the matrix's items, and what the clusterer throws:
 *   this project's errors unchanged, others as `plugin`, or as `unavailable` if a system resource is exhausted.
 */
export async function checkedDendrogram(
  { name, part: clusterer }: NamedPart<Clusterer>,
  matrix: CondensedMatrix,
  linkage: Linkage,
): Promise<Dendrogram> {
  try {
    const dendrogram = await clusterer.cluster(matrix, linkage);
    const problem = problemOf(dendrogram, matrix.size);
    if (problem === undefined) {
      return dendrogram;
    }
    throw new VirtSimilarityError('plugin', `[${name}] expected a dendrogram of ${matrix.size} items, ${problem}`);
  } catch (error) {
    throw pluginError(name, 'the clusterer failed', error);
  }
}

function problemOf(found: Dendrogram | undefined, size: number): string | undefined {
  const merges: readonly Merge[] | undefined = found?.merges;
  if (!Array.isArray(merges) || found?.size !== size || typeof found.inverted !== 'boolean') {
    return `found ${messageOf(found)}`;
  }
  if (merges.length !== size - 1) {
    return `found one with ${merges.length} merges`;
  }
  const leaves = new Float64Array(size + merges.length).fill(1, 0, size);
  const k = merges.findIndex((merge, index) => !recordMerge(merge, size + index, leaves));
  return k < 0 ? undefined : `found ${messageOf(merges[k])} for merge ${k}`;
}

/**
 * Returns whether the merge is valid: it forms `cluster` from two existing clusters, at a finite height of 0 or more.
 * If it is valid, updates `leaves`.
 *
 * @param leaves number of leaves by cluster; 0 if the cluster does not exist yet or has been merged
 */
function recordMerge({ left, right, height, size }: Merge, cluster: number, leaves: Float64Array): boolean {
  const isWhole = left < right && (leaves[left] ?? 0) + (leaves[right] ?? 0) === size;
  if (!isWhole || !leaves[left] || !leaves[right] || !Number.isFinite(height) || height < 0) {
    return false;
  }
  leaves[left] = 0;
  leaves[right] = 0;
  leaves[cluster] = size;
  return true;
}
