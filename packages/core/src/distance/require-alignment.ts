import { inspect } from 'node:util';
import type { DistanceMetric } from '../contracts/distance-metric.js';
import { VirtSimilarityError } from '../errors.js';

/** Throws `plugin` where a metric does not say which counts it takes: those of the other kind give other distances. */
export function requireAlignment({ name, alignment }: DistanceMetric): void {
  if (alignment === 'position' || alignment === 'free') return;
  const problem = `[${name}] expected the metric's alignment to be position or free, found ${inspect(alignment)}`;
  throw new VirtSimilarityError('plugin', `${problem}; mend the metric`);
}
