import type { CondensedMatrix } from '../contracts/clusterer.js';

/** Copies a condensed matrix to a new symmetric matrix with zeros on the diagonal: `size` rows of `size` values. */
export function squareMatrix({ size, values }: CondensedMatrix): Float64Array[] {
  const rows = Array.from({ length: size }, () => new Float64Array(size));
  let index = 0;
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++) {
      const distance = values[index++]!;
      rows[i]![j] = distance;
      rows[j]![i] = distance;
    }
  }
  return rows;
}
