import type { Analysis, ImageFailure } from '../contracts/analysis.js';
import type { CondensedMatrix, Dendrogram, Linkage } from '../contracts/clusterer.js';
import type { ReportOptions } from '../contracts/reporter.js';
import type { PairwiseCounts } from '../distance/pairwise-counts.js';
import type { ThreadFailure } from '../threads/thread-failure.js';
import type { ReportPart } from './text-of-report.js';

/** The kinds of plugins' parts that run in a thread of their own while they are used. */
export const ISOLATED_LISTS = { metric: 'metrics', clusterer: 'clusterers', reporter: 'reporters' } as const;

/** One part of a plugin, or the whole of it, and where its module can be imported from. */
export interface IsolatedPart {
  readonly kind: keyof typeof ISOLATED_LISTS | 'plugin';
  readonly name: string;
  readonly url: string;
}

/** An analysis that can be sent to a thread: what is large in it is shared, and errors keep their codes. */
export type SentAnalysis = Omit<Analysis, 'failures'> & {
  readonly failures: readonly (Omit<ImageFailure, 'error'> & { readonly error: ThreadFailure })[];
};

/** What a thread can be asked to do with its part. */
export interface IsolatedWork {
  /** Loads the module and constructs its parts: whether that comes to an end is all that is asked. */
  tryPlugin(): Promise<void>;
  /** The distances of all pairs, by a metric. */
  measure(counts: PairwiseCounts): Promise<CondensedMatrix>;
  cluster(matrix: CondensedMatrix, linkage: Linkage): Promise<Dendrogram>;
  /** Begins a report, of which `nextText` is then asked. */
  beginReport(part: ReportPart, analysis: SentAnalysis, options: ReportOptions): Promise<void>;
  /** Some 64 KiB of the report, or the rest of it; nothing at the end. */
  nextText(): Promise<string | undefined>;
}

/** A call of one of a thread's methods. */
export type IsolatedTask = {
  readonly [Method in keyof IsolatedWork]: {
    readonly method: Method;
    readonly given: Parameters<IsolatedWork[Method]>;
  };
}[keyof IsolatedWork];

/** What a method returned, or what the plugin threw. */
export type IsolatedAnswer = { readonly result: unknown } | { readonly failure: ThreadFailure };
