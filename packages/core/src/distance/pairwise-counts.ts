import type { PairCounts } from '../contracts/distance-metric.js';
import type { HashVector } from '../contracts/hash-vector.js';

/** What two vectors have in common, in blocks: some numbers of {@link PairCounts}, from which the others follow. */
export interface CountedPair extends Pick<PairCounts, 'equal' | 'first' | 'second'> {
  /** Blocks that are non-zero in both. */
  readonly common: number;
}

/** The complete counts of a pair. */
export function pairCountsOf({ equal, common, first, second }: CountedPair): PairCounts {
  const either = first + second - common;
  return { equal, either, different: either - equal, first, second };
}

/** The non-zero blocks of each vector. */
export function dataBlocksOf(vectors: readonly HashVector[]): Float64Array {
  return Float64Array.from(vectors, ({ dataBlocks }) => dataBlocks);
}
