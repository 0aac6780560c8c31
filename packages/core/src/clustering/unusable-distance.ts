import { VirtSimilarityError } from '../errors.js';

/** The largest distance that can be clustered: its square, and sums of such squares, stay finite. */
export const LARGEST_DISTANCE = 1e150;

/** Returns the error for a distance of two items that is not from 0 to {@link LARGEST_DISTANCE}. */
export function unusableDistance(i: number, j: number, distance: number): VirtSimilarityError {
  return new VirtSimilarityError(
    'usage',
    `[clustering] expected a distance from 0 to ${LARGEST_DISTANCE} between items ${i} and ${j}, found ${distance}; ` +
      'check the metric or the program that computed it',
  );
}
