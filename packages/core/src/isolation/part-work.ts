import type { Analysis, AnalyzedImage, ImageFailure } from '../contracts/analysis.js';
import type { CondensedMatrix, Dendrogram, Linkage } from '../contracts/clusterer.js';
import type { LocatedVector } from '../contracts/hash-vector.js';
import type { OptionValues } from '../contracts/options.js';
import type { PartReference } from '../contracts/part-reference.js';
import type { ReportCircumstances } from '../contracts/reporter.js';
import type { PairwiseCounts, Tile } from '../contracts/tile.js';
import type { Wording } from '../errors.js';
import type { ThreadFailure } from '../threads/thread-failure.js';
import type { ReportPart } from './report-pieces.js';

/** The data of a thread: the part that it runs, or the plugin that it tries to load. */
export type PartThreadData =
  | { readonly part: PartReference }
  | {
      /** The URL of the plugin's module. */
      readonly url: string;
      /** The plugin's name in messages. */
      readonly name: string;
    };

/**
 * An analysis for sending to a thread: rows in memory are in shared memory, vectors without `storage` are omitted, and
 * errors keep their codes.
 */
export type SentAnalysis = Omit<Analysis, 'failures' | 'images'> & {
  readonly failures: readonly (Omit<ImageFailure, 'error'> & { readonly error: ThreadFailure })[];
  readonly images: readonly (Omit<AnalyzedImage, 'vector'> & { readonly vector?: LocatedVector })[];
};

/** The methods of a thread for its part or plugin. */
export interface PartWork {
  /** Imports the plugin and constructs its parts with default options if possible, to check that both terminate. */
  tryPlugin(): Promise<void>;
  /** Returns the metric's distances of all pairs. */
  measure(counts: PairwiseCounts): Promise<CondensedMatrix>;
  /** Returns the metric's distances of a tile's pairs. */
  measureTile(tile: Tile): Promise<Float64Array>;
  /** Returns the clusterer's dendrogram, validated. */
  cluster(matrix: CondensedMatrix, linkage: Linkage): Promise<Dendrogram>;
  /** Begins a report or companion, whose pieces `nextPiece` then returns. */
  beginReport(part: ReportPart, analysis: SentAnalysis, options: OptionValues): Promise<void>;
  /**
   * Returns the next piece of the report: for text, at least 65,536 characters or the rest; for a binary format, the
   * next bytes that the reporter yields; `undefined` at the end.
   */
  nextPiece(): Promise<string | Uint8Array | undefined>;
  /** Returns a reporter's warnings about a report. */
  warningsOf(
    analysis: SentAnalysis,
    options: OptionValues,
    circumstances: ReportCircumstances,
  ): Promise<readonly Wording[]>;
}

/** The thread's module, for `WorkerThreads`; its data is {@link PartThreadData}. */
export const PART_WORKER = new URL('./part-worker.js', import.meta.url);
