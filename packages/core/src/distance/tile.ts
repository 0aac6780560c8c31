import type { DistanceMetric } from '../contracts/distance-metric.js';
import type { Tile } from '../contracts/tile.js';
import { VirtSimilarityError } from '../errors.js';
import { distanceOf } from './distance-matrix.js';

/**
 * Returns the metric's distances of all pairs of a tile, row-major: rows × columns finite numbers ≥ 0.
 *
 * @param name the metric's name in messages
 * @throws `usage` if the tile's alignment is not the metric's or the tile does not have one count per pair, and as
 *   `distanceOf`.
 */
export function tileDistances(tile: Tile, metric: DistanceMetric, name = 'metric'): Float64Array {
  const { alignment, rowBlocks, columnBlocks, equal, common } = tile;
  if (alignment !== metric.alignment) {
    throw new VirtSimilarityError(
      'usage',
      `[${name}] expected a tile with alignment ${metric.alignment}, found ${alignment}; compare the vectors again`,
    );
  }
  const pairs = rowBlocks.length * columnBlocks.length;
  if (equal.length !== pairs || common.length !== pairs) {
    const found = `${equal.length} and ${common.length}`;
    const problem = `expected ${pairs} counts in a tile of ${pairs} pairs, found ${found}; compare the vectors again`;
    throw new VirtSimilarityError('usage', `[${name}] ${problem}`);
  }
  const distances = new Float64Array(pairs);
  let pair = 0;
  for (const first of rowBlocks) {
    for (const second of columnBlocks) {
      distances[pair] = distanceOf({ equal: equal[pair]!, common: common[pair]!, first, second }, metric, name);
      pair++;
    }
  }
  return distances;
}
