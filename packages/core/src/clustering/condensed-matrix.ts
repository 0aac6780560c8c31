import type { CondensedMatrix } from '../contracts/clusterer.js';
import { condensedIndex } from '../distance/condensed-index.js';
import { VirtSimilarityError } from '../errors.js';
import { LARGEST_DISTANCE, unusableDistance } from './unusable-distance.js';

/**
 * @throws a `usage` error unless the matrix has one value for each pair of at least one item, each of them a distance
 *   from 0 to {@link LARGEST_DISTANCE}; the error names the first pair that has not.
 */
export function validateMatrix(matrix: CondensedMatrix): void {
  const { size, values } = matrix;
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new VirtSimilarityError('usage', `[clustering] expected a matrix of at least one item, found size ${size}`);
  }
  const pairs = (size * (size - 1)) / 2;
  if (values.length !== pairs) {
    throw new VirtSimilarityError(
      'usage',
      `[clustering] expected ${pairs} distances for ${size} items, found ${values.length}; give one per pair`,
    );
  }
  const index = firstUnusable(values);
  if (index >= 0) {
    const [i, j] = pairAt(size, index);
    throw unusableDistance(i, j, values[index]!);
  }
}

/** The index of the first value that cannot be clustered; −1 if there is none. */
function firstUnusable(values: Float64Array): number {
  for (let index = 0; index < values.length; index++) {
    const distance = values[index]!;
    if (!(distance >= 0 && distance <= LARGEST_DISTANCE)) {
      return index;
    }
  }
  return -1;
}

/** The pair whose distance stands at `index`; the inverse of {@link condensedIndex}. */
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
 * The distances of an item to all later ones, in ascending order: a view of `size`−1−`item` values of the matrix, in
 * which the rows stand one after the other.
 */
export function condensedRow({ size, values }: CondensedMatrix, item: number): Float64Array {
  const start = condensedIndex(size, item, item + 1);
  return values.subarray(start, start + size - 1 - item);
}
