/**
 * The result of comparing two hash vectors, in blocks.
 *
 * Compared by position, each block number counts once, and blocks past the end of the shorter image are zeros.
 * Compared independently of position, the vectors are multisets of digests: over all digests, `equal` sums the smaller
 * of the two multiplicities, and `either` the larger. Compared as sets, each distinct digest counts once, also in
 * `first` and `second`.
 */
export interface PairCounts {
  /** Non-zero blocks that both images have. */
  readonly equal: number;
  /** Blocks in which the two differ: `either` − `equal`. */
  readonly different: number;
  /** Blocks that are non-zero in at least one image. */
  readonly either: number;
  /** Non-zero blocks of the first image. */
  readonly first: number;
  /** Non-zero blocks of the second image. */
  readonly second: number;
}

/**
 * A measure of the difference between two images: a pure function of pair counts, so that a custom metric takes ten
 * lines and is as fast as the built-in ones.
 */
export interface DistanceMetric {
  /** The unit of distances, such as `blocks` or `fraction of blocks`. */
  readonly unit: string;
  /**
   * Which blocks count as equal: only those at the same block number (`position`), blocks anywhere, as often as both
   * images have them (`free`), or blocks anywhere, each distinct block once (`distinct`).
   */
  readonly alignment: 'position' | 'free' | 'distinct';
  /** Returns the distance: finite, at least 0, symmetric in `first` and `second`, and 0 for identical images. */
  distance(counts: PairCounts): number;
}
