import type { DistanceMetric } from './distance-metric.js';

/**
 * The counts of each pair of a row vector and a column vector. Plain data that can be cloned, posted and stored. The
 * count of a pair is at index row × number of columns + column.
 */
export interface Tile {
  /** How blocks were compared. */
  readonly alignment: DistanceMetric['alignment'];
  /** Non-zero blocks of each row vector, or its distinct digests if the alignment is `distinct`; at least one row. */
  readonly rowBlocks: Float64Array;
  /** The same count for each column vector; at least one column. */
  readonly columnBlocks: Float64Array;
  /** Equal non-zero blocks of each pair. */
  readonly equal: Uint32Array;
  /**
   * Block numbers at which both images of a pair are non-zero; the same as `equal` unless the alignment is `position`.
   */
  readonly common: Uint32Array;
}

/** The counts of all pairs of hash vectors. Plain data, like {@link Tile}. */
export interface PairwiseCounts {
  /** Number of vectors. */
  readonly size: number;
  /** Non-zero blocks of each vector, or its distinct digests if the alignment was `distinct`. */
  readonly dataBlocks: Float64Array;
  /** Equal non-zero blocks of each pair, in condensed order (see `CondensedMatrix`). */
  readonly equal: Uint32Array;
  /**
   * Block numbers at which both images of a pair are non-zero, in condensed order; the same as `equal` unless the
   * alignment was `position`.
   */
  readonly common: Uint32Array;
  /**
   * For each vector, the number of its blocks that another vector has at the same block number; set if blocks were
   * compared by position.
   */
  readonly repeated?: Float64Array | undefined;
}
