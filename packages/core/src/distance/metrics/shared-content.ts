import type { DistanceMetric, PairCounts } from '../../contracts/distance-metric.js';

/**
 * 1 − the weighted Jaccard index of the two multisets of digests, regardless of their positions: the fraction of
 * blocks that a deduplicating store could not share; 0 if both images are empty.
 */
export class SharedContentMetric implements DistanceMetric {
  readonly unit = 'fraction of blocks';
  readonly alignment = 'free';

  distance({ equal, either }: PairCounts): number {
    return either === 0 ? 0 : 1 - equal / either;
  }
}
