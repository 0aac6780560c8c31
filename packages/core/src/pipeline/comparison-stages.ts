import { cladogramOf } from '../clustering/cladogram.js';
import type { PartRegistry } from '../composition/part-registry.js';
import type { CondensedMatrix } from '../contracts/clusterer.js';
import type { DistanceMetric } from '../contracts/distance-metric.js';
import type { ExecutionRun, Executor, TileRequest } from '../contracts/executor.js';
import type { HashVector, LocatedVector } from '../contracts/hash-vector.js';
import type { Clustering, Comparison, TileComparison } from '../contracts/stages.js';
import type { PairwiseCounts, Tile } from '../contracts/tile.js';
import { locatedVector } from '../distance/engine/stored-vectors.js';
import { requirePairMemory } from '../distance/require-pair-memory.js';
import { brokenContract, throwIfAborted } from '../errors.js';
import { type CompleteOptions, runOf } from '../execution/options.js';
import { clusterBy, measureBy, measureTileBy, type Placed } from '../isolation/plugin-calls.js';
import { placed, requireSameInThreads } from './placed-parts.js';
import { type Kinship, kinshipOf } from './size-effect.js';

/** The dependencies of the comparison stages. */
export interface ComparisonContext {
  readonly registry: PartRegistry;
  readonly executor: Executor;
}

/** A comparison, and the kinship of its pairs (see `kinshipOf`). */
interface CountedComparison {
  readonly comparison: Comparison;
  readonly kinship: Kinship | undefined;
}

/**
 * Computes the distances of all pairs of vectors.
 *
 * @throws as `Analyzer.compare`.
 */
export async function comparisonOf(
  { registry, executor }: ComparisonContext,
  vectors: readonly HashVector[],
  options: CompleteOptions,
): Promise<CountedComparison> {
  const limits = registry.limits(options.signal);
  await requireSameInThreads(registry, 'metric', options.metric, limits);
  const metric = placed(registry, 'metric', options.metric);
  requirePairMemory(vectors.length, metric.part);
  const located = await locatedVectors(vectors, options.signal);
  const { repeated, counts } = await count(executor, located, metric, runOf(options));
  const distances = await measureBy(metric, counts, limits);
  throwIfAborted(options.signal);
  const comparison = { metric: metric.name, unit: metric.part.unit, distances, repeatedBlocks: repeated };
  return { comparison, kinship: kinshipOf(metric.name, counts) };
}

/**
 * Computes the distances between row vectors and column vectors.
 *
 * @throws as `Analyzer.compareWith`.
 */
export async function comparisonWith(
  { registry, executor }: ComparisonContext,
  rows: readonly HashVector[],
  columns: readonly HashVector[],
  options: CompleteOptions,
): Promise<TileComparison> {
  const { signal } = options;
  const limits = registry.limits(signal);
  await requireSameInThreads(registry, 'metric', options.metric, limits);
  const metric = placed(registry, 'metric', options.metric);
  const { alignment } = metric.part;
  const sides = { rows: await locatedVectors(rows, signal), columns: await locatedVectors(columns, signal) };
  const tile = checkedTile(await executor.compareWith({ alignment, ...sides }, runOf(options)), sides);
  const distances = await measureTileBy(metric, tile, limits);
  throwIfAborted(signal);
  return { metric: metric.name, unit: metric.part.unit, distances, tile };
}

/**
 * Clusters the items of a distance matrix.
 *
 * @throws as `Analyzer.cluster`.
 */
export async function clusteringOf(
  registry: PartRegistry,
  distances: CondensedMatrix,
  options: CompleteOptions,
): Promise<Clustering> {
  const limits = registry.limits(options.signal);
  await requireSameInThreads(registry, 'clusterer', options.clusterer, limits);
  options.onProgress({ kind: 'clustering', images: distances.size });
  const clusterer = placed(registry, 'clusterer', options.clusterer);
  const dendrogram = await clusterBy(clusterer, distances, options.linkage, limits);
  throwIfAborted(options.signal);
  return { linkage: options.linkage, dendrogram, cladogram: cladogramOf(dendrogram) };
}

/**
 * Counts the common blocks of all pairs, in the alignment of the metric, and for each vector the blocks that another
 * vector has at the same block number.
 *
 * @throws what the executor throws, and `plugin` if its counts do not fit the vectors.
 */
async function count(
  executor: Executor,
  vectors: readonly LocatedVector[],
  { part: { alignment } }: Placed<DistanceMetric>,
  run: ExecutionRun,
): Promise<{ readonly repeated: Float64Array; readonly counts: PairwiseCounts }> {
  const halfOf = (first: number): ExecutionRun => ({
    ...run,
    onProgress: (event) =>
      run.onProgress(event.kind === 'comparing' ? { ...event, fraction: first + event.fraction / 2 } : event),
  });
  // Repeated blocks are reported with every metric.
  const byPosition = await executor.compare(
    { alignment: 'position', vectors },
    alignment === 'position' ? run : halfOf(0),
  );
  const repeated = repeatedOf(byPosition, vectors.length);
  if (alignment === 'position') {
    return { repeated, counts: byPosition };
  }
  const counts = await executor.compare({ alignment, vectors }, halfOf(1 / 2));
  requireCounts(counts, vectors.length);
  return { repeated, counts };
}

function repeatedOf(counts: PairwiseCounts, size: number): Float64Array {
  requireCounts(counts, size);
  const { repeated } = counts;
  if (repeated?.length === size) {
    return repeated;
  }
  throw brokenExecutor(`counts of repeated blocks of ${size} vectors`, `${repeated?.length ?? 'none'}`);
}

function requireCounts({ size, dataBlocks, equal, common }: PairwiseCounts, expected: number): void {
  const pairs = (expected * (expected - 1)) / 2;
  if (size !== expected || dataBlocks.length !== expected || equal.length !== pairs || common.length !== pairs) {
    throw brokenExecutor(`counts of ${pairs} pairs of ${expected} vectors`, `${equal.length} of ${size}`);
  }
}

function checkedTile(tile: Tile, { rows, columns }: Pick<TileRequest, 'rows' | 'columns'>): Tile {
  const { rowBlocks, columnBlocks } = tile;
  if (rowBlocks.length === rows.length && columnBlocks.length === columns.length) {
    return tile;
  }
  const found = `${rowBlocks.length} × ${columnBlocks.length}`;
  throw brokenExecutor(`a tile of ${rows.length} × ${columns.length} pairs`, found);
}

function brokenExecutor(expected: string, found: string): Error {
  return brokenContract('executor', expected, found, 'executor');
}

async function locatedVectors(
  vectors: readonly HashVector[],
  signal: AbortSignal | undefined,
): Promise<readonly LocatedVector[]> {
  const located: LocatedVector[] = [];
  for (const vector of vectors) {
    located.push(await locatedVector(vector, signal));
  }
  return located;
}
