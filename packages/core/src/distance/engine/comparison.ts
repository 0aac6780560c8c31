import type { PairSet, Span } from './pair-set.js';
import type { StoredVector } from './stored-vectors.js';

/** What is not to be exceeded; memory, by each thread. */
export interface ComparisonLimits {
  /** Files that are kept open, by all threads together. */
  readonly openFiles: number;
  /** Bytes of the distinct digests of a slice, if none were equal: enough for long reads, whatever the number of vectors. */
  readonly digestBytes: number;
  /** Bytes of labels that are collected before they are counted. */
  readonly labelBytes: number;
  /** Bytes of what is known of distinct digests while contents are compared. */
  readonly elementBytes: number;
  /** Seconds of work, as estimated, for which no threads are started. */
  readonly secondsWithoutThreads: number;
}

/** Found by measurement: with fewer digests, calls of the system cost more than what they read. */
export const COMPARISON_LIMITS: ComparisonLimits = {
  openFiles: 8192,
  digestBytes: 64 * 1024 * 1024,
  labelBytes: 64 * 1024 * 1024,
  elementBytes: 192 * 1024 * 1024,
  secondsWithoutThreads: 0.2,
};

interface Comparison {
  readonly vectors: readonly StoredVector[];
  readonly pairs: PairSet;
  readonly limits: ComparisonLimits;
  /** One number, in shared memory: how much has been done, in units of the comparison's own. */
  readonly progress: BigInt64Array;
  /** One number, in shared memory: other than 0 when threads are to stop where they are. */
  readonly stop: Int32Array;
  /** One number for each vector, in shared memory: see `PairSums`. */
  readonly locks: Int32Array;
}

/** Everything that threads share about comparing some vectors by position. */
export interface PositionalComparison extends Comparison {
  readonly alignment: 'position';
  /** Block numbers at which ranges begin, ascending from 0, and the end of the last. */
  readonly bounds: readonly number[];
  /** For each bound, the first row of every vector at or above it: bounds × vectors. */
  readonly firstRows: Uint32Array;
  readonly counts: SharedCounts;
}

/** Everything that threads share about comparing some vectors as multisets of digests. */
export interface ContentComparison extends Comparison {
  readonly alignment: 'free';
  /** Blocks that both of each pair have, where `pairs` says, in shared memory. */
  readonly equal: Uint32Array;
}

/** The counts that threads add to, in shared memory; those of pairs where `pairs` says. */
export interface SharedCounts {
  /** Equal blocks of each pair. */
  readonly equal: Uint32Array;
  /** Blocks that are non-zero in both of a pair. */
  readonly common: Uint32Array;
  /** For each vector, blocks that another one has at the same position; empty where there is a probe side. */
  readonly repeated: Uint32Array;
}

/** What a thread is given to do of comparing by position. */
export type PositionalTask =
  /** Find the first rows of these vectors. */
  | { readonly kind: 'locate'; readonly first: number; readonly end: number }
  /** Compare the range of this number, of the build side and these vectors of the probe side. */
  | { readonly kind: 'count'; readonly range: number; readonly probes: Span };

/**
 * What a thread is given to do of comparing contents: those digests of which some bits, told by a mask, have a value, of the
 * build side and some vectors of the probe side.
 */
export interface ContentTask {
  readonly probes: Span;
  readonly mask: number;
  readonly value: number;
}

/** A comparison, and tasks of it. */
export type ComparisonWork =
  | { readonly comparison: PositionalComparison; readonly rounds: readonly (readonly PositionalTask[])[] }
  | { readonly comparison: ContentComparison; readonly rounds: readonly (readonly ContentTask[])[] };
