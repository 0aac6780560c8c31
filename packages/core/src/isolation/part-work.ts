import type { Analysis, AnalyzedImage, ImageFailure } from '../contracts/analysis.js';
import type { CondensedMatrix, Dendrogram, Linkage } from '../contracts/clusterer.js';
import type { LocatedVector } from '../contracts/hash-vector.js';
import type { OptionValues } from '../contracts/options.js';
import type { PartReference } from '../contracts/part-reference.js';
import type { PairwiseCounts, Tile } from '../contracts/tile.js';
import type { ThreadFailure } from '../threads/thread-failure.js';
import type { ReportPart } from './text-of-report.js';

/** What a thread is started for: one part, or to try a whole plugin. */
export type PartThreadData =
  | { readonly part: PartReference }
  | {
      /** Where to import the plugin from. */
      readonly url: string;
      /** What messages call it. */
      readonly name: string;
    };

/** An analysis that can be sent to a thread: rows in memory are in shared memory, and errors keep their codes. */
export type SentAnalysis = Omit<Analysis, 'failures' | 'images'> & {
  readonly failures: readonly (Omit<ImageFailure, 'error'> & { readonly error: ThreadFailure })[];
  readonly images: readonly (Omit<AnalyzedImage, 'vector'> & { readonly vector?: LocatedVector })[];
};

/** What a thread can be asked to do with its part. */
export interface PartWork {
  /** Imports the plugin and constructs its parts: whether that ends is all that is asked. */
  tryPlugin(): Promise<void>;
  /** The distances of all pairs, by a metric. */
  measure(counts: PairwiseCounts): Promise<CondensedMatrix>;
  /** The distances of the pairs of a tile, by a metric. */
  measureTile(tile: Tile): Promise<Float64Array>;
  cluster(matrix: CondensedMatrix, linkage: Linkage): Promise<Dendrogram>;
  /** Begins a report, of which `nextText` is then asked. */
  beginReport(part: ReportPart, analysis: SentAnalysis, options: OptionValues): Promise<void>;
  /** Some 64 KiB of the report, or the rest of it; nothing at the end. */
  nextText(): Promise<string | undefined>;
}

/** A thread's module, for `WorkerThreads`; its data are {@link PartThreadData}. */
export const PART_WORKER = new URL('./part-worker.js', import.meta.url);
