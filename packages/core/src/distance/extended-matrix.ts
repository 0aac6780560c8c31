import type { CondensedMatrix } from '../contracts/clusterer.js';
import { VirtSimilarityError } from '../errors.js';
import { condensedIndex } from './condensed-index.js';

/**
 * Combines the distances of two groups of items into one matrix, in which the second group follows the first.
 *
 * @param first distances within the first group
 * @param between distances between the groups, row-major: a row for each item of the second group
 * @param second distances within the second group
 * @throws `usage` if `first`, `between` or `second` does not have exactly one distance for each of its pairs.
 */
export function extendedMatrix(
  first: CondensedMatrix,
  between: Float64Array,
  second: CondensedMatrix,
): CondensedMatrix {
  requirePairs(first);
  requirePairs(second);
  if (between.length !== first.size * second.size) {
    const expected = `${second.size} × ${first.size} distances between the items`;
    throw new VirtSimilarityError('usage', `cannot extend a matrix: expected ${expected}, found ${between.length}`);
  }
  const size = first.size + second.size;
  const values = new Float64Array((size * (size - 1)) / 2);
  for (let item = 0, start = 0; item < first.size; item++) {
    const count = first.size - 1 - item;
    values.set(first.values.subarray(start, start + count), condensedIndex(size, item, item + 1));
    start += count;
    const later = condensedIndex(size, item, first.size);
    for (let row = 0; row < second.size; row++) {
      values[later + row] = between[row * first.size + item]!;
    }
  }
  values.set(second.values, values.length - second.values.length);
  return { size, values };
}

function requirePairs({ size, values }: CondensedMatrix): void {
  const pairs = (size * (size - 1)) / 2;
  if (values.length !== pairs) {
    const expected = `${pairs} distances of ${size} items`;
    throw new VirtSimilarityError('usage', `cannot extend a matrix: expected ${expected}, found ${values.length}`);
  }
}
