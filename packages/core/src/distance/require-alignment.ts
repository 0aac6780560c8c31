import type { DistanceMetric } from '../contracts/distance-metric.js';
import { brokenContract, excerptOf } from '../errors.js';

/** Throws `plugin` where a metric does not say which counts it takes: those of the other kind give other distances. */
export function requireAlignment({ name, alignment }: DistanceMetric): void {
  if (alignment === 'position' || alignment === 'free') return;
  throw brokenContract(name, "the metric's alignment to be position or free", excerptOf(alignment), 'metric');
}
