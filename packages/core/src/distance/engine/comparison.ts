import type { StoredVector } from './stored-vectors.js';

/** What is not to be exceeded, by each thread. */
export interface ComparisonLimits {
  /** Bytes of digests that are read before they are labelled: enough for long reads, whatever the number of vectors. */
  readonly digestBytes: number;
  /** Bytes of labels that are collected before they are counted. */
  readonly labelBytes: number;
  /** Seconds of work, as estimated, for which no threads are started. */
  readonly secondsWithoutThreads: number;
}

/** Found by measurement: with fewer digests, calls of the system cost more than what they read. */
export const COMPARISON_LIMITS: ComparisonLimits = {
  digestBytes: 128 * 1024 * 1024,
  labelBytes: 64 * 1024 * 1024,
  secondsWithoutThreads: 0.2,
};

/** Everything that threads share about comparing some vectors by position. */
export interface PositionalComparison {
  readonly vectors: readonly StoredVector[];
  readonly limits: ComparisonLimits;
  /** Block numbers at which ranges begin, ascending from 0, and the end of the last. */
  readonly bounds: readonly number[];
  /** For each bound, the first row of every vector at or above it: bounds × vectors. */
  readonly firstRows: Uint32Array;
  readonly counts: SharedCounts;
  /** One number: the rows that were labelled and those whose labels were counted, so twice the rows in the end. */
  readonly progress: BigInt64Array;
  /** One number: other than 0 when threads are to stop where they are. */
  readonly stop: Int32Array;
}

/** The counts that threads add to, in shared memory. */
export interface SharedCounts {
  /** Equal blocks of each pair, condensed. */
  readonly equal: Uint32Array;
  /** Blocks that are non-zero in both of a pair, condensed. */
  readonly common: Uint32Array;
  /** For each vector, blocks that another one has at the same position. */
  readonly repeated: Uint32Array;
}

/** What a thread is given to do. */
export type ComparisonTask =
  /** Find the first rows of these vectors. */
  | { readonly kind: 'locate'; readonly first: number; readonly end: number }
  /** Compare the range of this number. */
  | { readonly kind: 'count'; readonly range: number };
