import type { DistanceMetric, PairCounts } from '../../contracts/distance-metric.js';

/**
 * 1 − (equal non-zero positions ⁄ non-zero blocks of the smaller image): 0 if one image is contained in the other. An
 * empty image counts as contained only in another empty image. If it counted as contained in every image, every image
 * would have the distance 0 from it.
 */
export class ContainmentMetric implements DistanceMetric {
  readonly unit = 'fraction of blocks';
  readonly alignment = 'position';

  distance({ equal, first, second }: PairCounts): number {
    const smaller = Math.min(first, second);
    if (smaller === 0) {
      return first === second ? 0 : 1;
    }
    return 1 - equal / smaller;
  }
}
