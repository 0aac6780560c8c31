import { checkedDendrogram } from '../clustering/checked-dendrogram.js';
import type { Analysis } from '../contracts/analysis.js';
import type { Clusterer, CondensedMatrix, Dendrogram, Linkage } from '../contracts/clusterer.js';
import type { DistanceMetric } from '../contracts/distance-metric.js';
import type { OptionValues } from '../contracts/options.js';
import type { PartReference } from '../contracts/part-reference.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { ReportCircumstances, Reporter } from '../contracts/reporter.js';
import type { PairwiseCounts, Tile } from '../contracts/tile.js';
import { distanceMatrix } from '../distance/distance-matrix.js';
import { tileDistances } from '../distance/tile.js';
import type { Wording } from '../errors.js';
import { type IsolationLimits, PartThread } from './part-thread.js';
import type { PartThreadData, SentAnalysis } from './part-work.js';
import { type ReportPart, reportPieces, reportWarnings } from './report-pieces.js';
import { sentAnalysis } from './sent-analysis.js';

/** A part and, if it runs in its own thread, the reference by which the thread constructs it. */
export interface Placed<Part> extends NamedPart<Part> {
  readonly isolated: PartReference | undefined;
}

/**
 * Imports a plugin's module and constructs the plugin's parts in a separate thread, so that code that never finishes
 * does not block the main thread. Errors after the import are ignored.
 *
 * @param name the plugin's name in messages
 * @throws `plugin` if the module throws, or if importing or constructing ends the thread; `unavailable` if both
 *   together exceed the time limit, or a system resource is exhausted; and `aborted`.
 */
export async function tryPlugin(name: string, url: string, limits: IsolationLimits): Promise<void> {
  await inThread({ url, name }, limits, (thread) => thread.call('tryPlugin'));
}

/**
 * Returns the metric's distances of all pairs.
 *
 * @throws as `distanceMatrix`, and for an isolated metric also as `PartThread.call`.
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
 * Returns the metric's distances of a tile's pairs.
 *
 * @throws as `tileDistances`, and for an isolated metric also as `PartThread.call`.
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
 * Returns the clusterer's dendrogram, validated.
 *
 * @throws as `checkedDendrogram`, and for an isolated clusterer also as `PartThread.call`.
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
 * Yields a reporter's report or companion.
 *
 * @throws as `reportPieces`, and for an isolated reporter also as `PartThread.call`.
 */
export async function* reportBy(
  reporter: Placed<Reporter>,
  part: ReportPart,
  analysis: Analysis,
  options: OptionValues,
  limits: IsolationLimits,
): AsyncGenerator<string | Uint8Array, void, undefined> {
  if (reporter.isolated === undefined) {
    yield* reportPieces(reporter, part, analysis, options);
    return;
  }
  const thread = new PartThread({ part: reporter.isolated }, limits);
  try {
    await thread.call('beginReport', part, copiedAnalysis(analysis), options);
    for (let piece = await thread.call('nextPiece'); piece !== undefined; piece = await thread.call('nextPiece')) {
      yield piece;
    }
  } finally {
    await thread.close();
  }
}

/**
 * Returns a reporter's warnings about a report.
 *
 * @throws as `reportWarnings`, and for an isolated reporter also as `PartThread.call`.
 */
export async function warningsBy(
  reporter: Placed<Reporter>,
  analysis: Analysis,
  options: OptionValues,
  circumstances: ReportCircumstances,
  limits: IsolationLimits,
): Promise<readonly Wording[]> {
  const { isolated } = reporter;
  if (isolated === undefined) {
    return reportWarnings(reporter, analysis, options, circumstances);
  }
  return inThread({ part: isolated }, limits, (thread) =>
    thread.call('warningsOf', copiedAnalysis(analysis), options, circumstances),
  );
}

function copiedAnalysis(analysis: Analysis): SentAnalysis {
  const { distances, ...others } = sentAnalysis(analysis);
  return { ...others, distances: copied(distances) };
}

/** Copies a matrix for a thread, so that a plugin cannot change the original. */
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
