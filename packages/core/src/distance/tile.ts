import type { DistanceMetric } from '../contracts/distance-metric.js';
import { VirtSimilarityError } from '../errors.js';
import { distanceOf } from './distance-matrix.js';

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

/**
 * The metric's distances of all pairs of a tile, row-major: rows × columns finite numbers from 0.
 * Throws `usage` where the tile was counted by another alignment than the metric's, and `plugin` where the metric throws or
 * returns anything else than a finite number from 0.
 *
 * @param name of the metric in messages
 */
export function tileDistances(tile: Tile, metric: DistanceMetric, name = 'metric'): Float64Array {
  const { alignment, rowBlocks, columnBlocks, equal, common } = tile;
  if (alignment !== metric.alignment) {
    throw new VirtSimilarityError(
      'usage',
      `[${name}] expected a tile with alignment ${metric.alignment}, found ${alignment}; compare the vectors anew`,
    );
  }
  const distances = new Float64Array(equal.length);
  let pair = 0;
  for (const first of rowBlocks) {
    for (const second of columnBlocks) {
      distances[pair] = distanceOf({ equal: equal[pair]!, common: common[pair]!, first, second }, metric, name);
      pair++;
    }
  }
  return distances;
}
