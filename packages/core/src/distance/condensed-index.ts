/**
 * Returns the index of the pair of `i` and `j` in a condensed array of all pairs of `size` items: from 0 to
 * size·(size−1)/2 − 1. `i` and `j` can be in either order, but must differ. Pairs are in ascending order of the
 * smaller number, then of the larger number. Arguments are not checked.
 */
export function condensedIndex(size: number, i: number, j: number): number {
  if (i > j) {
    return condensedIndex(size, j, i);
  }
  return i * size - (i * (i + 1)) / 2 + (j - i - 1);
}
