import type { CondensedMatrix } from '../contracts/clusterer.js';
import { condensedRow } from './condensed-matrix.js';

/** For each item of a matrix, its nearest other item. */
export interface NearestItems {
  /** The nearest item of each item; the first if several are equally near. −1 if there is only one item. */
  readonly items: Int32Array;
  /** The distance of each item to its nearest item; NaN if there is only one item. */
  readonly distances: Float64Array;
}

/** Finds the nearest other item of each item, in O(n²) time. */
export function nearestItems(matrix: CondensedMatrix): NearestItems {
  const { size } = matrix;
  const items = new Int32Array(size).fill(-1);
  const distances = new Float64Array(size).fill(Number.NaN);
  const consider = (item: number, other: number, distance: number): void => {
    // Items are visited in ascending order of `other`, so that the first of several equally near items stays.
    if (!(distance >= distances[item]!)) {
      items[item] = other;
      distances[item] = distance;
    }
  };
  for (let item = 0; item < size; item++) {
    for (const [index, distance] of condensedRow(matrix, item).entries()) {
      const other = item + 1 + index;
      consider(item, other, distance);
      consider(other, item, distance);
    }
  }
  return { items, distances };
}
