import { availableParallelism } from 'node:os';
import type { HashVector } from '../contracts/hash-vector.js';
import type { PairwiseCounts } from '../contracts/tile.js';
import { checkComparable } from './check-comparable.js';
import type { CompareContentsOptions } from './compare-options.js';
import { COMPARISON_LIMITS, type ComparisonLimits } from './engine/comparison.js';
import { countContents } from './engine/count-contents.js';
import { pairsWithin } from './engine/pair-set.js';

/**
 * Compares every pair of vectors as multisets of digests (`free`) or as sets (`distinct`), regardless of block numbers.
 * With `distinct`, the `dataBlocks` of the result are the numbers of distinct digests. The counts are exact for any
 * number of threads. Memory: one 32-bit count per pair, up to about 400 MiB per thread, and a copy of rows that are
 * neither in files nor in shared memory.
 *
 * @throws `usage` if there is no vector, if the vectors are not comparable, or if a vector has 2³² or more rows;
 *   `aborted`; `changed` if a vector's file changes; `unavailable` if threads or memory are missing, or if digests of a
 *   poor hash function cannot be split into partitions that fit in memory; and whatever reading the vectors and
 *   `onFraction` throw.
 */
export async function compareContents(
  vectors: readonly HashVector[],
  { alignment = 'free', jobs = availableParallelism(), onFraction, signal }: CompareContentsOptions = {},
  limits: ComparisonLimits = COMPARISON_LIMITS,
): Promise<PairwiseCounts> {
  checkComparable(vectors);
  const size = vectors.length;
  const run = { jobs, onFraction, signal };
  const { equal, elements } = await countContents(vectors, pairsWithin(size), run, limits, alignment);
  return { size, dataBlocks: elements, equal, common: equal };
}
