import type { DistanceMetric, PairCounts } from '../../contracts/distance-metric.js';

/**
 * 1 − the weighted Jaccard index of the two multisets of digests, regardless of their positions: a block that one image
 * has three times and the other once counts once as equal and twice as different. 0 if both images are empty.
 *
 * It measures how much content two images have in common. `SharedBlocksMetric` measures how much two images share in a
 * deduplicating store, which keeps each block once, however often the block occurs.
 */
export class SharedContentMetric implements DistanceMetric {
  readonly unit = 'fraction of blocks';
  readonly alignment = 'free';

  distance({ equal, either }: PairCounts): number {
    return either === 0 ? 0 : 1 - equal / either;
  }
}
