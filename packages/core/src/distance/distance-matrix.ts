import type { CondensedMatrix } from '../contracts/clusterer.js';
import type { DistanceMetric, PairCounts } from '../contracts/distance-metric.js';
import type { PairwiseCounts } from '../contracts/tile.js';
import { pluginError, VirtSimilarityError } from '../errors.js';
import { allocateShared } from '../memory/allocate-shared.js';
import { type CountedPair, pairCountsOf } from './pairwise-counts.js';

/**
 * The metric's distances of all pairs, in memory that threads share.
 *
 * @param name what messages call the metric
 * @throws `plugin` where the metric throws or gives anything but a finite number from 0, and `unavailable` where 8
 *   bytes for each pair are more than there is.
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
 * The metric's distance of a pair.
 *
 * @throws `plugin` where the metric throws or gives anything but a finite number from 0.
 */
export function distanceOf(pair: CountedPair, metric: DistanceMetric, name: string): number {
  const distance = attempt(pairCountsOf(pair), metric, name);
  if (Number.isFinite(distance) && distance >= 0) {
    return distance;
  }
  throw new VirtSimilarityError('plugin', `[${name}] expected a distance of 0 or more, found ${distance}`);
}

function attempt(counts: PairCounts, metric: DistanceMetric, name: string): number {
  try {
    return metric.distance(counts);
  } catch (error) {
    throw pluginError(name, 'the metric failed', error);
  }
}
