/**
 * What comparing two hash vectors yields, in blocks.
 *
 * Compared position by position, a block number counts once; past the end of the shorter image its content is zeros.
 * Compared free of position, the vectors are multisets of digests: `equal` sums, over all digests, the smaller of the
 * two multiplicities, and `either` the larger.
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
 * How different two images are: a pure function of pair counts, so that a metric of one's own costs ten lines
 * and is as fast as the project's.
 */
export interface DistanceMetric {
  /** What a distance of 1 means, such as `blocks` or `fraction of blocks`. */
  readonly unit: string;
  /** Whether blocks are counted as equal at the same block number only, or wherever they stand. */
  readonly alignment: 'position' | 'free';
  /** Finite, at least 0, symmetric in `first` and `second`, and 0 for identical images. */
  distance(counts: PairCounts): number;
}
