import type { DistanceMetric, PairCounts } from '../../contracts/distance-metric.js';

/**
 * 1 − (equal non-zero positions ⁄ positions at which either image is non-zero); 0 if both images are empty.
 * This is the Jaccard distance as SciPy's `pdist(…, 'jaccard')` generalises it to non-boolean values.
 */
export class JaccardMetric implements DistanceMetric {
  readonly unit = 'fraction of blocks';
  readonly alignment = 'position';

  distance({ equal, either }: PairCounts): number {
    return either === 0 ? 0 : 1 - equal / either;
  }
}
