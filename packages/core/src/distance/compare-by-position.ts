import { availableParallelism } from 'node:os';
import type { HashVector } from '../contracts/hash-vector.js';
import type { PairwiseCounts } from '../contracts/tile.js';
import { checkComparable } from './check-comparable.js';
import type { CompareOptions } from './compare-options.js';
import { COMPARISON_LIMITS, type ComparisonLimits } from './engine/comparison.js';
import { countPositions } from './engine/count-positions.js';
import { pairsWithin } from './engine/pair-set.js';
import { dataBlocksOf } from './pairwise-counts.js';

/** The pair counts of vectors that were compared at equal block numbers. */
export type PositionalCounts = PairwiseCounts & { readonly repeated: Float64Array };

/**
 * Compares every pair of vectors, block number by block number. The counts are exact for any number of threads.
 * Memory: two 32-bit counts per pair, up to about 200 MiB per thread (more with digests shorter than 16 bytes), and a
 * copy of rows that are neither in files nor in shared memory.
 *
 * @throws `usage` if there are no vectors or more than 65,532, if the vectors are not comparable, or if a vector has
 *   2³² or more rows; `aborted`; `changed` if a vector's file changes; `unavailable` if threads or memory are missing;
 *   and whatever reading the vectors and `onFraction` throw.
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
