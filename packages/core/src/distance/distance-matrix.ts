import type { CondensedMatrix } from '../contracts/clusterer.js';
import type { DistanceMetric, PairCounts } from '../contracts/distance-metric.js';
import type { PairwiseCounts } from '../contracts/tile.js';
import { pluginError, VirtSimilarityError } from '../errors.js';
import { allocateShared } from '../memory/allocate-shared.js';
import { type CountedPair, pairCountsOf } from './pairwise-counts.js';

/**
 * Returns the metric's distances of all pairs, in shared memory.
 *
 * @param name the metric's name in messages
 * @throws as `distanceOf`, and `unavailable` if there is not enough memory: 8 bytes per pair.
 */
export function distanceMatrix(counts: PairwiseCounts, metric: DistanceMetric, name = 'metric'): CondensedMatrix {
  const { size, dataBlocks, equal, common } = counts;
  const bytes = ((size * (size - 1)) / 2) * Float64Array.BYTES_PER_ELEMENT;
  const purpose = `keep the distances of ${size} images`;
  const values = new Float64Array(allocateShared({ bytes, purpose, remedy: 'compare fewer of them at a time' }));
  let pair = 0;
  for (let i = 0; i < size; i++) {
    const first = dataBlocks[i]!;
    for (let j = i + 1; j < size; j++, pair++) {
      const counted = { equal: equal[pair]!, common: common[pair]!, first, second: dataBlocks[j]! };
      values[pair] = distanceOf(counted, metric, name);
    }
  }
  return { size, values };
}

/**
 * Returns the metric's distance of a pair.
 *
 * @throws `plugin` if the metric returns anything other than a finite number ≥ 0, and what the metric throws: this
 *   project's errors unchanged, others as `plugin`, or as `unavailable` if a system resource is exhausted.
 */
export function distanceOf(pair: CountedPair, metric: DistanceMetric, name: string): number {
  const distance = callMetric(pairCountsOf(pair), metric, name);
  if (Number.isFinite(distance) && distance >= 0) {
    return distance;
  }
  throw new VirtSimilarityError('plugin', `[${name}] expected a finite distance of 0 or more, found ${distance}`);
}

function callMetric(counts: PairCounts, metric: DistanceMetric, name: string): number {
  try {
    return metric.distance(counts);
  } catch (error) {
    throw pluginError(name, 'the metric failed', error);
  }
}
