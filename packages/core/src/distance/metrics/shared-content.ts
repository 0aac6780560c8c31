import type { DistanceMetric, PairCounts } from '../../contracts/distance-metric.js';

/**
 * 1 − the weighted Jaccard index of the two multisets of digests, wherever in the images they stand: what a
 * deduplicating store would not share; 0 where both are empty.
 */
export class SharedContentMetric implements DistanceMetric {
  readonly unit = 'fraction of blocks';
  readonly alignment = 'free';

  distance({ equal, either }: PairCounts): number {
    return either === 0 ? 0 : 1 - equal / either;
  }
}
