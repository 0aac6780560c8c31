import type { DistanceMetric, PairCounts } from '../../contracts/distance-metric.js';

/** The Hamming distance divided by the number of positions at which either image is non-zero; 0 if both are empty. */
export class HammingFractionMetric implements DistanceMetric {
  readonly unit = 'fraction of blocks';
  readonly alignment = 'position';

  distance({ different, either }: PairCounts): number {
    return either === 0 ? 0 : different / either;
  }
}
