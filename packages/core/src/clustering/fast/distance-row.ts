import type { CondensedMatrix } from '../../contracts/clusterer.js';

/**
 * Delivers distances of one thing to others: writes that of `from` and `others[k]` to `distances[k]`, for every k.
 * `others` ascends and does not contain `from`. Both arrays belong to the caller, have the same length, and must
 * not be kept.
 */
export type DistanceRow = (from: number, others: Int32Array, distances: Float64Array) => void;

/** Delivers the distances that a condensed matrix holds. */
export function matrixRows({ size, values }: CondensedMatrix): DistanceRow {
  return (from, others, distances) => {
    let k = 0;
    for (; k < others.length && others[k]! < from; k++) {
      const i = others[k]!;
      distances[k] = values[i * size - (i * (i + 1)) / 2 + (from - i - 1)]!;
    }
    // Adding j to this gives the index of the pair (from, j).
    const row = from * size - (from * (from + 1)) / 2 - from - 1;
    for (; k < others.length; k++) {
      distances[k] = values[row + others[k]!]!;
    }
  };
}
