import type { DistanceMetric } from '../../contracts/distance-metric.js';
import type { PairSet, Span } from './pair-set.js';
import type { StoredVector } from './stored-vectors.js';

/** Limits of a comparison; memory is per thread. */
export interface ComparisonLimits {
  /** The most files to keep open, for all threads together. */
  readonly openFiles: number;
  /** The most bytes of the build side's digests in a slice if all are distinct, unless a slice has the least width. */
  readonly digestBytes: number;
  /** The most bytes of labels to collect before counting them, unless label rows have the least length (`rowBytes`). */
  readonly labelBytes: number;
  /**
   * While contents are compared, the most bytes of elements, and also the most bytes of their bits (see
   * `countContents`), unless the capacity is the least possible.
   */
  readonly elementBytes: number;
  /** Estimated seconds of work up to which no threads are started, unless a vector's file is remote. */
  readonly secondsWithoutThreads: number;
}

/**
 * The default limits. `digestBytes` was measured: if it is lower, system calls take longer than copying what they read.
 */
export const COMPARISON_LIMITS: ComparisonLimits = {
  openFiles: 8192,
  digestBytes: 64 * 1024 * 1024,
  labelBytes: 64 * 1024 * 1024,
  elementBytes: 192 * 1024 * 1024,
  secondsWithoutThreads: 0.2,
};

/** How vectors are compared regardless of positions: as multisets of digests (`free`), or as sets (`distinct`). */
export type ContentAlignment = Exclude<DistanceMetric['alignment'], 'position'>;

interface Comparison {
  readonly vectors: readonly StoredVector[];
  readonly pairs: PairSet;
  readonly limits: ComparisonLimits;
  /** One number in shared memory: the work done so far, in units that the kind of comparison defines. */
  readonly progress: BigInt64Array;
  /** One number in shared memory: not zero if threads must stop after their current step. */
  readonly stop: Int32Array;
  /** One number per vector, in shared memory; see `PairSums`. */
  readonly locks: Int32Array;
}

/** The state that threads share while they compare vectors by position. */
export interface PositionalComparison extends Comparison {
  readonly alignment: 'position';
  /** Block numbers at which ranges begin, ascending from 0, and the end of the last range. */
  readonly bounds: readonly number[];
  /** For each bound and each vector, the index of the vector's first row at or after the bound: bounds × vectors. */
  readonly firstRows: Uint32Array;
  readonly counts: SharedCounts;
}

/** The state that threads share while they compare vectors as multisets or sets of digests. */
export interface ContentComparison extends Comparison {
  readonly alignment: ContentAlignment;
  /** The common blocks of each pair, in shared memory, at the index that `pairs` defines. */
  readonly equal: Uint32Array;
  /** The number of distinct digests of each vector, in shared memory; zeros unless the alignment is `distinct`. */
  readonly distinct: Uint32Array;
}

/** The counts to which threads add, in shared memory. Counts of pairs are at the index that `pairs` defines. */
export interface SharedCounts {
  /** Equal blocks of each pair. */
  readonly equal: Uint32Array;
  /** Blocks that are non-zero in both vectors of each pair. */
  readonly common: Uint32Array;
  /**
   * For each vector, the number of its blocks that another vector has at the same position; empty if there is a probe
   * side.
   */
  readonly repeated: Uint32Array;
}

/** A task of comparing by position. */
export type PositionalTask =
  /** Find the first row of every range in the vectors `first` to `end` − 1. */
  | { readonly kind: 'locate'; readonly first: number; readonly end: number }
  /**
   * In the range with this number, compare the blocks of the build side with those of `probes`. If there is no probe
   * side, compare the blocks of the build side with each other.
   */
  | { readonly kind: 'count'; readonly range: number; readonly probes: Span };

/**
 * A task of comparing contents: one partition of the digests of the build side and of some vectors of the probe side.
 * The partition consists of the digests whose hash has `value` in the bits of `mask` (see `takeDigests`).
 */
export interface ContentTask {
  readonly probes: Span;
  readonly mask: number;
  readonly value: number;
}

/** A comparison and its tasks. */
export type ComparisonWork =
  | { readonly comparison: PositionalComparison; readonly rounds: readonly (readonly PositionalTask[])[] }
  | { readonly comparison: ContentComparison; readonly rounds: readonly (readonly ContentTask[])[] };
