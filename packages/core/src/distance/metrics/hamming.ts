import type { DistanceMetric, PairCounts } from '../../contracts/distance-metric.js';

/**
 * The number of positions at which two images differ (Hamming 1950): the blocks that an overlay of one on the other
 * stores.
 */
export class HammingMetric implements DistanceMetric {
  readonly unit = 'blocks';
  readonly alignment = 'position';

  distance({ different }: PairCounts): number {
    return different;
  }
}
