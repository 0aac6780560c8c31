import type { DistanceMetric, PairCounts } from '../../contracts/distance-metric.js';

/**
 * 1 − the Jaccard index of the two sets of digests (Jaccard 1901): of the distinct blocks of both images, the fraction
 * that only one of them has. 0 if both images are empty.
 *
 * A deduplicating store keeps each distinct block once: of the blocks that it keeps for two images, this fraction
 * belongs to only one of them.
 */
export class SharedBlocksMetric implements DistanceMetric {
  readonly unit = 'fraction of distinct blocks';
  readonly alignment = 'distinct';

  distance({ equal, either }: PairCounts): number {
    return either === 0 ? 0 : 1 - equal / either;
  }
}
