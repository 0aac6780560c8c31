import { checkedDendrogram } from '../clustering/checked-dendrogram.js';
import type { Analysis } from '../contracts/analysis.js';
import type { Clusterer, CondensedMatrix, Dendrogram, Linkage } from '../contracts/clusterer.js';
import type { DistanceMetric } from '../contracts/distance-metric.js';
import type { OptionValues } from '../contracts/options.js';
import type { PartReference } from '../contracts/part-reference.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { Reporter } from '../contracts/reporter.js';
import type { PairwiseCounts, Tile } from '../contracts/tile.js';
import { distanceMatrix } from '../distance/distance-matrix.js';
import { tileDistances } from '../distance/tile.js';
import { type IsolationLimits, PartThread } from './part-thread.js';
import type { PartThreadData } from './part-work.js';
import { sentAnalysis } from './sent-analysis.js';
import { type ReportPart, textOfReport } from './text-of-report.js';

/** A part, and how a thread of its own constructs it if it is to run in one. */
export interface Placed<Part> extends NamedPart<Part> {
  readonly isolated: PartReference | undefined;
}

/**
 * Loads a plugin's module in a thread of its own, so that one that never ends does not take the main thread with it.
 *
 * @param name what messages call it
 * @throws `plugin` where its code throws, `unavailable` and `aborted`.
 */
export async function tryPlugin(name: string, url: string, limits: IsolationLimits): Promise<void> {
  await inThread({ url, name }, limits, (thread) => thread.call('tryPlugin'));
}

/**
 * The metric's distances of all pairs.
 *
 * @throws `plugin`, and where it is isolated `unavailable` and `aborted` too.
 */
export async function measureBy(
  { name, part: metric, isolated }: Placed<DistanceMetric>,
  counts: PairwiseCounts,
  limits: IsolationLimits,
): Promise<CondensedMatrix> {
  if (isolated === undefined) {
    return distanceMatrix(counts, metric, name);
  }
  return inThread({ part: isolated }, limits, (thread) => thread.call('measure', counts));
}

/**
 * The metric's distances of the pairs of a tile.
 *
 * @throws as {@link measureBy}.
 */
export async function measureTileBy(
  { name, part: metric, isolated }: Placed<DistanceMetric>,
  tile: Tile,
  limits: IsolationLimits,
): Promise<Float64Array> {
  if (isolated === undefined) {
    return tileDistances(tile, metric, name);
  }
  return inThread({ part: isolated }, limits, (thread) => thread.call('measureTile', tile));
}

/**
 * The clusterer's dendrogram, checked.
 *
 * @throws `plugin`, and where it is isolated `unavailable` and `aborted` too.
 */
export async function clusterBy(
  clusterer: Placed<Clusterer>,
  matrix: CondensedMatrix,
  linkage: Linkage,
  limits: IsolationLimits,
): Promise<Dendrogram> {
  const { isolated } = clusterer;
  if (isolated === undefined) {
    return checkedDendrogram(clusterer, matrix, linkage);
  }
  return inThread({ part: isolated }, limits, (thread) => thread.call('cluster', copied(matrix), linkage));
}

/**
 * A part of the reporter's text.
 *
 * @throws `plugin`, and where it is isolated `unavailable` and `aborted` too.
 */
export async function* reportBy(
  reporter: Placed<Reporter>,
  part: ReportPart,
  analysis: Analysis,
  options: OptionValues,
  limits: IsolationLimits,
): AsyncGenerator<string, void, undefined> {
  if (reporter.isolated === undefined) {
    yield* textOfReport(reporter, part, analysis, options);
    return;
  }
  const thread = new PartThread({ part: reporter.isolated }, limits);
  try {
    const { distances, ...others } = sentAnalysis(analysis);
    await thread.call('beginReport', part, { ...others, distances: copied(distances) }, options);
    for (let text = await thread.call('nextText'); text !== undefined; text = await thread.call('nextText')) {
      yield text;
    }
  } finally {
    await thread.close();
  }
}

/** A matrix of its own for a thread: what a plugin writes to it must not be the result of others. */
function copied({ size, values }: CondensedMatrix): CondensedMatrix {
  return { size, values: values.slice() };
}

async function inThread<Result>(
  data: PartThreadData,
  limits: IsolationLimits,
  work: (thread: PartThread) => Promise<Result>,
): Promise<Result> {
  const thread = new PartThread(data, limits);
  try {
    return await work(thread);
  } finally {
    await thread.close();
  }
}
