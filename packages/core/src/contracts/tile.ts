import type { DistanceMetric } from './distance-metric.js';

/**
 * The pair counts of a rectangle: some hash vectors, the rows, against others, the columns. A plain value that can be
 * cloned, posted and stored. Pair (row, column) is at index row × number of columns + column.
 */
export interface Tile {
  /** Whether blocks were compared at the same block number only, or wherever they are. */
  readonly alignment: DistanceMetric['alignment'];
  /** Non-zero blocks of each row; at least one row. */
  readonly rowBlocks: Float64Array;
  /** Non-zero blocks of each column; at least one column. */
  readonly columnBlocks: Float64Array;
  /** Equal non-zero blocks of each pair, row-major. */
  readonly equal: Uint32Array;
  /** Blocks that are non-zero in both of each pair, row-major; the same as `equal` where the alignment is `free`. */
  readonly common: Uint32Array;
}

/** The pair counts of all pairs of some hash vectors. A plain value, as {@link Tile} is. */
export interface PairwiseCounts {
  /** Number of vectors. */
  readonly size: number;
  /** Non-zero blocks of each vector. */
  readonly dataBlocks: Float64Array;
  /** Equal non-zero blocks of each pair, condensed. */
  readonly equal: Uint32Array;
  /** Blocks that are non-zero in both of a pair, condensed. */
  readonly common: Uint32Array;
  /** For each vector, its blocks that another vector has at the same block number; where blocks were compared by position. */
  readonly repeated?: Float64Array;
}
