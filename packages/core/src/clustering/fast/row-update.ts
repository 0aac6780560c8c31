/** What a merge of two clusters needs to know beside the rows. */
export interface MergedPair {
  /** Leaves of the first cluster. */
  readonly firstSize: number;
  /** Leaves of the second cluster. */
  readonly secondSize: number;
  /** The distance of the two. */
  readonly height: number;
}

/**
 * The distances of a merged cluster to all others, after Lance and Williams (1967): takes those of its two parts in
 * `first` and `second`, and leaves the result in `second`. `sizes` are the leaves of the others. Only the first
 * `count` values of each array are used.
 */
export type RowUpdate = (
  first: Float64Array,
  second: Float64Array,
  sizes: Float64Array,
  count: number,
  pair: MergedPair,
) => void;

export const updateComplete: RowUpdate = (first, second, _sizes, count) => {
  for (let k = 0; k < count; k++) {
    if (first[k]! > second[k]!) {
      second[k] = first[k]!;
    }
  }
};

/** Written so that two equal distances give exactly that distance. */
export const updateAverage: RowUpdate = (first, second, _sizes, count, { firstSize, secondSize }) => {
  const share = firstSize / (firstSize + secondSize);
  for (let k = 0; k < count; k++) {
    second[k] = second[k]! + (first[k]! - second[k]!) * share;
  }
};

export const updateWeighted: RowUpdate = (first, second, _sizes, count) => {
  for (let k = 0; k < count; k++) {
    second[k] = (first[k]! + second[k]!) / 2;
  }
};

/** Of squared distances. */
export const updateWard: RowUpdate = (first, second, sizes, count, { firstSize, secondSize, height }) => {
  const pairSize = firstSize + secondSize;
  for (let k = 0; k < count; k++) {
    const size = sizes[k]!;
    const sum = (firstSize + size) * first[k]! + (secondSize + size) * second[k]! - size * height;
    second[k] = sum / (pairSize + size);
  }
};
