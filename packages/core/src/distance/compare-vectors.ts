import { requirePart } from '../composition/part-kinds.js';
import type { CondensedMatrix } from '../contracts/clusterer.js';
import type { DistanceMetric } from '../contracts/distance-metric.js';
import type { HashVector } from '../contracts/hash-vector.js';
import { compareByPosition } from './compare-by-position.js';
import { compareContents } from './compare-contents.js';
import type { CompareOptions } from './compare-options.js';
import { distanceMatrix } from './distance-matrix.js';
import { requirePairMemory } from './require-pair-memory.js';

/**
 * Returns the metric's distances of all pairs of hash vectors. The vectors can be in memory or in files.
 *
 * @throws `plugin` if the metric is invalid; `unavailable` if the pairs certainly need more memory than is available;
 *   as `distanceMatrix`; and as `compareByPosition`, or as `compareContents` if the metric ignores positions.
 */
export async function compareVectors(
  vectors: readonly HashVector[],
  metric: DistanceMetric,
  options: CompareOptions = {},
): Promise<CondensedMatrix> {
  requirePart('metric', 'metric', metric);
  requirePairMemory(vectors.length, metric);
  const { alignment } = metric;
  const counting =
    alignment === 'position'
      ? compareByPosition(vectors, options)
      : compareContents(vectors, { ...options, alignment });
  return distanceMatrix(await counting, metric);
}
