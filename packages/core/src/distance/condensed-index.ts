/**
 * Returns the index of the pair of `i` and `j` in a condensed array of all pairs of `size` items: from 0 to
 * size·(size−1)/2 − 1. `i` and `j` may be in either order, but must differ. Pairs are in ascending order of the
 * smaller number, then of the larger. Arguments are not checked.
 */
export function condensedIndex(size: number, i: number, j: number): number {
  const low = Math.min(i, j);
  const high = Math.max(i, j);
  return low * size - (low * (low + 1)) / 2 + (high - low - 1);
}
