import { checkedDendrogram } from '../clustering/checked-dendrogram.js';
import type { Analysis } from '../contracts/analysis.js';
import type { Clusterer, CondensedMatrix, Dendrogram, Linkage } from '../contracts/clusterer.js';
import type { DistanceMetric } from '../contracts/distance-metric.js';
import type { Reporter, ReportOptions } from '../contracts/reporter.js';
import { distanceMatrix } from '../distance/distance-matrix.js';
import type { PairwiseCounts } from '../distance/pairwise-counts.js';
import { sendable } from '../threads/thread-failure.js';
import { IsolatedThread, type IsolationLimits } from './isolated-thread.js';
import type { IsolatedPart } from './isolated-work.js';
import { type ReportPart, textOfReport } from './text-of-report.js';

/** A part of a plugin, and where to import it from if it is to run in a thread of its own. */
export interface Placed<Part> {
  readonly part: Part;
  readonly isolatedUrl: string | undefined;
}

/**
 * Loads a plugin's module in a thread of its own, so that one that never ends does not take the main thread with it.
 * Throws `plugin` where its code throws, `unavailable` and `aborted`.
 *
 * @param name what messages call it
 */
export async function tryPlugin(name: string, url: string, limits: IsolationLimits): Promise<void> {
  await inThread({ kind: 'plugin', name, url }, limits, (thread) => thread.call('tryPlugin'));
}

/** The metric's distances of all pairs. Throws `plugin`, and where it is isolated `unavailable` and `aborted` too. */
export async function measureBy(
  { part: metric, isolatedUrl: url }: Placed<DistanceMetric>,
  counts: PairwiseCounts,
  limits: IsolationLimits,
): Promise<CondensedMatrix> {
  if (url === undefined) return distanceMatrix(counts, metric);
  return inThread({ kind: 'metric', name: metric.name, url }, limits, (thread) => thread.call('measure', counts));
}

/** The clusterer's dendrogram, checked. Throws `plugin`, and where it is isolated `unavailable` and `aborted` too. */
export async function clusterBy(
  { part: clusterer, isolatedUrl: url }: Placed<Clusterer>,
  matrix: CondensedMatrix,
  linkage: Linkage,
  limits: IsolationLimits,
): Promise<Dendrogram> {
  if (url === undefined) return checkedDendrogram(clusterer, matrix, linkage);
  const part = { kind: 'clusterer', name: clusterer.name, url } as const;
  return inThread(part, limits, (thread) => thread.call('cluster', matrix, linkage));
}

/** A part of the reporter's text. Throws `plugin`, and where it is isolated `unavailable` and `aborted` too. */
export async function* reportBy(
  { part: reporter, isolatedUrl: url }: Placed<Reporter>,
  part: ReportPart,
  analysis: Analysis,
  options: ReportOptions,
  limits: IsolationLimits,
): AsyncGenerator<string, void, undefined> {
  if (url === undefined) {
    yield* textOfReport(reporter, part, analysis, options);
    return;
  }
  const thread = new IsolatedThread({ kind: 'reporter', name: reporter.name, url }, limits);
  try {
    const failures = analysis.failures.map(({ path, error }) => ({ path, error: sendable(error) }));
    await thread.call('beginReport', part, { ...analysis, failures }, options);
    for (let text = await thread.call('nextText'); text !== undefined; text = await thread.call('nextText')) yield text;
  } finally {
    await thread.close();
  }
}

async function inThread<Result>(
  part: IsolatedPart,
  limits: IsolationLimits,
  work: (thread: IsolatedThread) => Promise<Result>,
): Promise<Result> {
  const thread = new IsolatedThread(part, limits);
  try {
    return await work(thread);
  } finally {
    await thread.close();
  }
}
