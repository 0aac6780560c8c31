import type { DistanceMetric, PairCounts } from '../../contracts/distance-metric.js';

/**
 * The number of positions at which two images differ (Hamming 1950): the number of blocks that an overlay of one image
 * must store to have the content of the other.
 */
export class HammingMetric implements DistanceMetric {
  readonly unit = 'blocks';
  readonly alignment = 'position';

  distance({ different }: PairCounts): number {
    return different;
  }
}
