import type { PairCounts } from '../contracts/distance-metric.js';
import type { HashVector } from '../contracts/hash-vector.js';

/** The counts of a pair of vectors, in blocks, from which all of {@link PairCounts} follow. */
export interface CountedPair extends Pick<PairCounts, 'equal' | 'first' | 'second'> {
  /** Block numbers at which both vectors have data; the same as `equal` if block numbers are ignored. */
  readonly common: number;
}

/** Returns the complete counts of a pair. */
export function pairCountsOf({ equal, common, first, second }: CountedPair): PairCounts {
  const either = first + second - common;
  return { equal, either, different: either - equal, first, second };
}

/** Returns the number of non-zero blocks of each vector. */
export function dataBlocksOf(vectors: readonly HashVector[]): Float64Array {
  return Float64Array.from(vectors, ({ dataBlocks }) => dataBlocks);
}
