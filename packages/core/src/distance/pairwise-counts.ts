import type { PairCounts } from '../contracts/distance-metric.js';

/** The pair counts of all pairs of hash vectors. */
export interface PairwiseCounts {
  /** Number of vectors. */
  readonly size: number;
  /** Non-zero blocks of each vector. */
  readonly dataBlocks: Float64Array;
  /** Equal non-zero blocks of each pair, condensed. */
  readonly equal: Uint32Array;
  /** Blocks that are non-zero in both of a pair, condensed. */
  readonly common: Uint32Array;
}

/** The counts of the pair at `index` of the condensed arrays, whose members are `first` and `second`. */
export function pairCountsAt(counts: PairwiseCounts, index: number, first: number, second: number): PairCounts {
  const equal = counts.equal[index]!;
  const firstBlocks = counts.dataBlocks[first]!;
  const secondBlocks = counts.dataBlocks[second]!;
  const either = firstBlocks + secondBlocks - counts.common[index]!;
  return { equal, either, different: either - equal, first: firstBlocks, second: secondBlocks };
}
