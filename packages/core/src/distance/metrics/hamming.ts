import type { DistanceMetric, PairCounts } from '../../contracts/distance-metric.js';

/** The number of block positions at which two images differ (Hamming 1950): what an overlay of one on the other would store. */
export class HammingMetric implements DistanceMetric {
  readonly unit = 'blocks';
  readonly alignment = 'position';

  distance({ different }: PairCounts): number {
    return different;
  }
}
