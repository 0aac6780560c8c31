import type { CondensedMatrix } from '../contracts/clusterer.js';
import type { DistanceMetric } from '../contracts/distance-metric.js';
import { VirtSimilarityError } from '../errors.js';
import { type PairwiseCounts, pairCountsAt } from './pairwise-counts.js';

/**
 * The metric's distances of all pairs.
 * Throws `plugin` where the metric gives anything but a finite number from 0.
 */
export function distanceMatrix(counts: PairwiseCounts, metric: DistanceMetric): CondensedMatrix {
  const { size } = counts;
  const values = new Float64Array((size * (size - 1)) / 2);
  let pair = 0;
  for (let first = 0; first < size; first++) {
    for (let second = first + 1; second < size; second++, pair++) {
      const distance = metric.distance(pairCountsAt(counts, pair, first, second));
      if (!Number.isFinite(distance) || distance < 0) {
        throw new VirtSimilarityError('plugin', `[${metric.name}] expected a distance of 0 or more, found ${distance}`);
      }
      values[pair] = distance;
    }
  }
  return { size, values };
}
