import { cladogramOf } from '../clustering/cladogram.js';
import type { PartRegistry } from '../composition/part-registry.js';
import type { Clustering, Comparison, TileComparison } from '../contracts/analyzer.js';
import type { CondensedMatrix } from '../contracts/clusterer.js';
import type { DistanceMetric } from '../contracts/distance-metric.js';
import type { HashVector } from '../contracts/hash-vector.js';
import { compareContentsBetween, comparePositionsBetween } from '../distance/compare-between.js';
import { compareByPosition } from '../distance/compare-by-position.js';
import { compareContents } from '../distance/compare-contents.js';
import { requirePairMemory } from '../distance/require-pair-memory.js';
import { throwIfAborted } from '../errors.js';
import type { IsolationLimits } from '../isolation/part-thread.js';
import { clusterBy, measureBy, measureTileBy, type Placed } from '../isolation/plugin-calls.js';
import type { CompleteOptions } from './options.js';
import { placed, requireSameInThreads } from './placed-parts.js';

/** Measures all pairs of vectors. Throws as `Analyzer.compare`. */
export async function comparisonOf(
  registry: PartRegistry,
  vectors: readonly HashVector[],
  options: CompleteOptions,
): Promise<Comparison> {
  const limits = limitsOf(registry, options);
  await requireSameInThreads(registry, 'metric', options.metric, limits);
  const metric = placed(registry, 'metric', options.metric);
  requirePairMemory(vectors.length, metric.part);
  const { repeated, distances } = await measure(vectors, metric, options, limits);
  throwIfAborted(options.signal);
  return { metric: metric.name, unit: metric.part.unit, distances, repeatedBlocks: repeated };
}

/** Measures some vectors against others. Throws as `Analyzer.compareWith`. */
export async function comparisonWith(
  registry: PartRegistry,
  rows: readonly HashVector[],
  columns: readonly HashVector[],
  options: CompleteOptions,
): Promise<TileComparison> {
  const { jobs, onProgress, signal } = options;
  const limits = limitsOf(registry, options);
  await requireSameInThreads(registry, 'metric', options.metric, limits);
  const metric = placed(registry, 'metric', options.metric);
  const compareBetween = metric.part.alignment === 'position' ? comparePositionsBetween : compareContentsBetween;
  const onFraction = (fraction: number): void => onProgress({ kind: 'comparing', fraction });
  const tile = await compareBetween(rows, columns, { jobs, onFraction, signal });
  const distances = await measureTileBy(metric, tile, limits);
  throwIfAborted(signal);
  return { metric: metric.name, unit: metric.part.unit, distances, tile };
}

/** Clusters what has these distances. Throws as `Analyzer.cluster`. */
export async function clusteringOf(
  registry: PartRegistry,
  distances: CondensedMatrix,
  options: CompleteOptions,
): Promise<Clustering> {
  const limits = limitsOf(registry, options);
  await requireSameInThreads(registry, 'clusterer', options.clusterer, limits);
  options.onProgress({ kind: 'clustering', images: distances.size });
  const clusterer = placed(registry, 'clusterer', options.clusterer);
  const dendrogram = await clusterBy(clusterer, distances, options.linkage, limits);
  throwIfAborted(options.signal);
  return { linkage: options.linkage, dendrogram, cladogram: cladogramOf(dendrogram) };
}

/** What bounds parts of isolated plugins. */
export function limitsOf({ logger }: PartRegistry, { pluginTimeout, signal }: IsolationLimits): IsolationLimits {
  return { pluginTimeout, signal, logger };
}

/** The distances, and for each vector its blocks that another one has too: the other counts would only take memory. */
async function measure(
  vectors: readonly HashVector[],
  metric: Placed<DistanceMetric>,
  options: CompleteOptions,
  limits: IsolationLimits,
): Promise<{ repeated: Float64Array; distances: CondensedMatrix }> {
  const { jobs, onProgress, signal } = options;
  const advance = (fraction: number): void => onProgress({ kind: 'comparing', fraction });
  // Repeated blocks are reported with every metric.
  if (metric.part.alignment === 'position') {
    const counts = await compareByPosition(vectors, { jobs, onFraction: advance, signal });
    return { repeated: counts.repeated, distances: await measureBy(metric, counts, limits) };
  }
  const byHalf = { jobs, onFraction: (fraction: number) => advance(fraction / 2), signal };
  const { repeated } = await compareByPosition(vectors, byHalf);
  const onFraction = (fraction: number) => advance((1 + fraction) / 2);
  const contents = await compareContents(vectors, { jobs, onFraction, signal });
  return { repeated, distances: await measureBy(metric, contents, limits) };
}
