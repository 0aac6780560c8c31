import type { DistanceMetric } from './distance-metric.js';

/**
 * The pair counts of some hash vectors, the rows, with others, the columns. Plain data that can be cloned, posted and
 * stored. Pair (row, column) is at index row × number of columns + column.
 */
export interface Tile {
  /** How blocks were compared. */
  readonly alignment: DistanceMetric['alignment'];
  /** Non-zero blocks of each row, or its distinct ones if the alignment is `distinct`; at least one row. */
  readonly rowBlocks: Float64Array;
  /** The same of each column; at least one column. */
  readonly columnBlocks: Float64Array;
  /** Equal non-zero blocks of each pair. */
  readonly equal: Uint32Array;
  /** Blocks that are non-zero in both images of each pair; the same as `equal` unless the alignment is `position`. */
  readonly common: Uint32Array;
}

/** The pair counts of all pairs of hash vectors. Plain data, like {@link Tile}. */
export interface PairwiseCounts {
  /** Number of vectors. */
  readonly size: number;
  /** Non-zero blocks of each vector, or its distinct ones if the alignment was `distinct`. */
  readonly dataBlocks: Float64Array;
  /** Equal non-zero blocks of each pair, in condensed order (see `CondensedMatrix`). */
  readonly equal: Uint32Array;
  /** Blocks that are non-zero in both images of each pair, in condensed order. */
  readonly common: Uint32Array;
  /**
   * For each vector, its blocks that another vector has at the same block number; set if blocks were compared by
   * position.
   */
  readonly repeated?: Float64Array | undefined;
}
