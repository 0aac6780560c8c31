import type { PairCounts } from '../contracts/distance-metric.js';

/** The pair counts of all pairs of hash vectors. */
export interface PairwiseCounts {
  /** Number of vectors. */
  readonly size: number;
  /** Non-zero blocks of each vector. */
  readonly dataBlocks: Float64Array;
  /** Equal non-zero blocks of each pair, condensed. */
  readonly equal: Float64Array;
  /** Blocks that are non-zero in at least one of a pair, condensed. */
  readonly either: Float64Array;
}

/** The counts of the pair at `index` of the condensed arrays, whose members are `first` and `second`. */
export function pairCountsAt(counts: PairwiseCounts, index: number, first: number, second: number): PairCounts {
  const equal = counts.equal[index]!;
  const either = counts.either[index]!;
  return {
    equal,
    either,
    different: either - equal,
    first: counts.dataBlocks[first]!,
    second: counts.dataBlocks[second]!,
  };
}
