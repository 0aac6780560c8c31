import type { CondensedMatrix } from '../contracts/clusterer.js';
import { VirtSimilarityError } from '../errors.js';

/** The largest distance that can be clustered: squares, and sums of squares, stay finite. */
export const LARGEST_DISTANCE = 1e150;

/** Where the distance of things `i` and `j`, in either order but not equal, stands in a condensed matrix. */
export function condensedIndex(size: number, i: number, j: number): number {
  const low = Math.min(i, j);
  const high = Math.max(i, j);
  return low * size - (low * (low + 1)) / 2 + (high - low - 1);
}

/**
 * Throws a `usage` error unless the matrix has one value for each pair of at least one thing, each of them a distance
 * from 0 to {@link LARGEST_DISTANCE}; the error names the first pair that has not.
 */
export function validateMatrix(matrix: CondensedMatrix): void {
  const { size, values } = matrix;
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new VirtSimilarityError('usage', `[clustering] expected a matrix of at least one thing, found size ${size}`);
  }
  const pairs = (size * (size - 1)) / 2;
  if (values.length !== pairs) {
    throw new VirtSimilarityError(
      'usage',
      `[clustering] expected ${pairs} distances for ${size} things, found ${values.length}; give one per pair`,
    );
  }
  for (let index = 0; index < pairs; index++) {
    const distance = values[index]!;
    if (!(distance >= 0 && distance <= LARGEST_DISTANCE)) {
      const [i, j] = pairAt(size, index);
      throw new VirtSimilarityError(
        'usage',
        `[clustering] expected a distance from 0 to ${LARGEST_DISTANCE} between things ${i} and ${j}, found ${distance}; ` +
          'check the distance metric',
      );
    }
  }
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
