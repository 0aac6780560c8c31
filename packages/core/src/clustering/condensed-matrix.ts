import { types } from 'node:util';
import type { CondensedMatrix } from '../contracts/clusterer.js';
import { condensedIndex } from '../distance/condensed-index.js';
import { excerptOf, VirtSimilarityError } from '../errors.js';
import { LARGEST_DISTANCE, unusableDistance } from './unusable-distance.js';

/**
 * Checks that a matrix can be clustered.
 *
 * @throws `usage` unless the matrix has at least one item and one distance from 0 to {@link LARGEST_DISTANCE} for each
 *   pair. The error names the first pair with an invalid distance.
 */
export function validateMatrix(matrix: CondensedMatrix): void {
  const { size, values } = matrix;
  // Not by instanceof: the array may come from another realm.
  if (!types.isFloat64Array(values)) {
    throw new VirtSimilarityError(
      'usage',
      `[clustering] expected a matrix { size, values } with values in a Float64Array, found ${excerptOf(matrix)}`,
    );
  }
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new VirtSimilarityError('usage', `[clustering] expected a matrix of at least one item, found size ${size}`);
  }
  const pairs = (size * (size - 1)) / 2;
  if (values.length !== pairs) {
    throw new VirtSimilarityError(
      'usage',
      `[clustering] expected ${pairs} distances for ${size} items, found ${values.length}; pass one per pair`,
    );
  }
  const index = firstUnusable(values);
  if (index >= 0) {
    const [i, j] = pairAt(size, index);
    throw unusableDistance(i, j, values[index]!);
  }
}

/** Returns the index of the first value that cannot be clustered; −1 if there is none. */
function firstUnusable(values: Float64Array): number {
  for (let index = 0; index < values.length; index++) {
    const distance = values[index]!;
    if (!(distance >= 0 && distance <= LARGEST_DISTANCE)) {
      return index;
    }
  }
  return -1;
}

/** Returns the pair whose distance is at `index`; the inverse of {@link condensedIndex}. */
function pairAt(size: number, index: number): [number, number] {
  let i = 0;
  let rowStart = 0;
  while (rowStart + (size - 1 - i) <= index) {
    rowStart += size - 1 - i;
    i++;
  }
  return [i, i + 1 + index - rowStart];
}

/**
 * Returns the distances from an item to all later items, in the order of the items: a view of `size`−1−`item` values
 * of the matrix.
 */
export function condensedRow({ size, values }: CondensedMatrix, item: number): Float64Array {
  const start = condensedIndex(size, item, item + 1);
  return values.subarray(start, start + size - 1 - item);
}

/** Returns the distance of two items, in either order; 0 for an item and itself. The numbers are not checked. */
export function distanceBetween({ size, values }: CondensedMatrix, i: number, j: number): number {
  return i === j ? 0 : values[condensedIndex(size, i, j)]!;
}
