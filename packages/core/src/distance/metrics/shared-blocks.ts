import type { DistanceMetric, PairCounts } from '../../contracts/distance-metric.js';

/**
 * 1 − the Jaccard index of the two sets of digests (Jaccard 1901): of the distinct blocks in the two images together,
 * the fraction that only one image has. 0 if both images are empty.
 *
 * A deduplicating store keeps each distinct block once. Of the blocks that it keeps for two images, this fraction
 * belongs to only one image.
 */
export class SharedBlocksMetric implements DistanceMetric {
  readonly unit = 'fraction of distinct blocks';
  readonly alignment = 'distinct';

  distance({ equal, either }: PairCounts): number {
    return either === 0 ? 0 : 1 - equal / either;
  }
}
