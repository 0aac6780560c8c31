import { availableParallelism } from 'node:os';
import type { HashVector } from '../contracts/hash-vector.js';
import type { PairwiseCounts } from '../contracts/tile.js';
import { checkComparable } from './check-comparable.js';
import type { CompareOptions } from './compare-options.js';
import { COMPARISON_LIMITS, type ComparisonLimits } from './engine/comparison.js';
import { countContents } from './engine/count-contents.js';
import { pairsWithin } from './engine/pair-set.js';
import { dataBlocksOf } from './pairwise-counts.js';

/**
 * Compares every pair of vectors as multisets of digests, wherever in the image they stand; exact, whatever the number
 * of threads. Memory: one 32-bit count for each pair, and some 400 MiB for each thread, whatever the disks' size.
 *
 * @throws `usage` where there is no vector or they were not made alike, `aborted`, `changed` where a vector's file does
 *   not stay as it was, `unavailable` where threads or memory are missing or too many digests are alike without being
 *   equal, and what reading the vectors throws.
 */
export async function compareContents(
  vectors: readonly HashVector[],
  { jobs = availableParallelism(), onFraction, signal }: CompareOptions = {},
  limits: ComparisonLimits = COMPARISON_LIMITS,
): Promise<PairwiseCounts> {
  checkComparable(vectors);
  const size = vectors.length;
  const equal = await countContents(vectors, pairsWithin(size), { jobs, onFraction, signal }, limits);
  return { size, dataBlocks: dataBlocksOf(vectors), equal, common: equal };
}
