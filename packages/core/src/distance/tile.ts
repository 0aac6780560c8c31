import type { DistanceMetric } from '../contracts/distance-metric.js';
import type { Tile } from '../contracts/tile.js';
import { VirtSimilarityError } from '../errors.js';
import { distanceOf } from './distance-matrix.js';

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
