import { availableParallelism } from 'node:os';
import type { HashVector } from '../contracts/hash-vector.js';
import type { PairwiseCounts } from '../contracts/tile.js';
import { checkComparable } from './check-comparable.js';
import type { CompareOptions } from './compare-options.js';
import { COMPARISON_LIMITS, type ComparisonLimits } from './engine/comparison.js';
import { countPositions } from './engine/count-positions.js';
import { pairsWithin } from './engine/pair-set.js';
import { dataBlocksOf } from './pairwise-counts.js';

/** What comparing all vectors at equal block numbers yields. */
export type PositionalCounts = PairwiseCounts & Required<Pick<PairwiseCounts, 'repeated'>>;

/**
 * Compares every pair of vectors, block number by block number; exact, whatever the number of threads.
 * Memory: two 32-bit counts for each pair, and some 200 MiB for each thread, whatever the disks' size.
 *
 * @throws `usage` where there is no vector, more than 65,532, or they were not made alike, `aborted`, `changed` where a
 *   vector's file does not stay as it was, `unavailable` where threads or memory are missing, and what reading the
 *   vectors throws.
 */
export async function compareByPosition(
  vectors: readonly HashVector[],
  { jobs = availableParallelism(), onFraction, signal }: CompareOptions = {},
  limits: ComparisonLimits = COMPARISON_LIMITS,
): Promise<PositionalCounts> {
  checkComparable(vectors);
  const size = vectors.length;
  const counts = await countPositions(vectors, pairsWithin(size), { jobs, onFraction, signal }, limits);
  const { equal, common, repeated } = counts;
  return { size, dataBlocks: dataBlocksOf(vectors), equal, common, repeated: Float64Array.from(repeated) };
}
