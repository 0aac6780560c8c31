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
