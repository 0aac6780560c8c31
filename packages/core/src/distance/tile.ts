import type { DistanceMetric } from '../contracts/distance-metric.js';
import type { Tile } from '../contracts/tile.js';
import { VirtSimilarityError } from '../errors.js';
import { distanceOf } from './distance-matrix.js';

/**
 * The metric's distances of all pairs of a tile, row-major: rows × columns finite numbers from 0.
 *
 * @param name of the metric in messages
 * @throws `usage` if the tile was counted by another alignment than the metric's or has not one count for each pair,
 *   and `plugin` where the metric throws or returns anything else than a finite number from 0.
 */
export function tileDistances(tile: Tile, metric: DistanceMetric, name = 'metric'): Float64Array {
  const { alignment, rowBlocks, columnBlocks, equal, common } = tile;
  if (alignment !== metric.alignment) {
    throw new VirtSimilarityError(
      'usage',
      `[${name}] expected a tile with alignment ${metric.alignment}, found ${alignment}; compare the vectors anew`,
    );
  }
  const pairs = rowBlocks.length * columnBlocks.length;
  if (equal.length !== pairs || common.length !== pairs) {
    const found = `${equal.length} and ${common.length}`;
    const problem = `expected a tile of ${pairs} pairs to have as many counts, found ${found}; compare the vectors anew`;
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
