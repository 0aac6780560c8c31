import type { CondensedMatrix } from '../contracts/clusterer.js';
import type { DistanceMetric, PairCounts } from '../contracts/distance-metric.js';
import { pluginError, VirtSimilarityError } from '../errors.js';
import { allocateShared } from '../memory/allocate-shared.js';
import { type PairwiseCounts, pairCountsAt } from './pairwise-counts.js';

/**
 * The metric's distances of all pairs, in memory that threads share.
 * Throws `plugin` where the metric throws or gives anything but a finite number from 0, and `unavailable` where 8 bytes
 * for each pair are more than there is.
 *
 * @param name what messages call the metric
 */
export function distanceMatrix(counts: PairwiseCounts, metric: DistanceMetric, name = 'metric'): CondensedMatrix {
  const { size } = counts;
  const bytes = ((size * (size - 1)) / 2) * Float64Array.BYTES_PER_ELEMENT;
  const purpose = `keep the distances of ${size} images`;
  const values = new Float64Array(allocateShared({ bytes, purpose, remedy: 'compare fewer of them at a time' }));
  let pair = 0;
  for (let first = 0; first < size; first++) {
    for (let second = first + 1; second < size; second++, pair++) {
      const distance = distanceOf(name, metric, pairCountsAt(counts, pair, first, second));
      if (!Number.isFinite(distance) || distance < 0) {
        throw new VirtSimilarityError('plugin', `[${name}] expected a distance of 0 or more, found ${distance}`);
      }
      values[pair] = distance;
    }
  }
  return { size, values };
}

function distanceOf(name: string, metric: DistanceMetric, counts: PairCounts): number {
  try {
    return metric.distance(counts);
  } catch (error) {
    throw pluginError(name, 'the metric failed', error);
  }
}
