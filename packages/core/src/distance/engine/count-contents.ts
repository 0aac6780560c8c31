import type { HashVector } from '../../contracts/hash-vector.js';
import type { CompareOptions } from '../compare-options.js';
import { dataBlocksOf } from '../pairwise-counts.js';
import type { ComparisonLimits, ContentAlignment, ContentComparison, ContentTask } from './comparison.js';
import { roomForElements, storedIn, UNITS_PER_ROW } from './content-thread.js';
import { type PairSet, pairCountOf, probeSpans, rowsToTake } from './pair-set.js';
import { runComparison } from './run-comparison.js';
import { sharedCounts, sharedVector } from './shared-memory.js';
import { rowsOf, type StoredVector, withStoredVectors } from './stored-vectors.js';
import { threadsFor } from './threads-for.js';

/** The expected number of rows per element: most rows have a digest that other rows have too. */
const ROWS_PER_ELEMENT = 4;

/** The counts of blocks by their content. */
export interface ContentCounts {
  /** The common blocks of each pair, in shared memory, at the index that the set of pairs defines. */
  readonly equal: Uint32Array;
  /** The number of non-zero blocks of each vector; with the alignment `distinct`, of its distinct digests. */
  readonly elements: Float64Array;
}

/**
 * Counts, for each pair of vectors, the blocks that both have, at any block number: as often as both have them
 * (`free`), or each distinct block once (`distinct`).
 *
 * The k-th occurrence of a digest within a vector is one element. This turns the multisets into sets: the sum of the
 * smaller multiplicities is the size of an intersection, which is the number of common bits of two bit sets.
 * Occurrences of a digest beyond the eighth are not elements: for each pair, the smaller number of these occurrences is
 * added directly. With `distinct`, only first occurrences are elements.
 *
 * The digests are processed in partitions. For each partition, the probe side is read once, and the build side is read
 * once for each part of the probe side. A partition that does not fit in memory is split, and read again.
 *
 * @throws `unavailable` if a partition cannot be made small enough or there is not enough memory, whatever `onFraction`
 *   throws, and as `withStoredVectors` and `runComparison`.
 */
export async function countContents(
  vectors: readonly HashVector[],
  pairs: PairSet,
  { jobs, onFraction, signal }: CompareOptions & { readonly jobs: number },
  limits: ComparisonLimits,
  alignment: ContentAlignment,
): Promise<ContentCounts> {
  return withStoredVectors(vectors, { signal, openFiles: limits.openFiles }, async (stored) => {
    const threads = threadsFor(stored, pairs, jobs, limits);
    const comparison = comparisonOf(alignment, stored, pairs, threads, limits);
    const onProgress = (): void => onFraction?.(fractionOf(comparison));
    await runComparison({ comparison, rounds: [tasksOf(comparison, threads)] }, { threads, onProgress, signal });
    onFraction?.(1);
    const { equal, distinct } = comparison;
    return { equal, elements: alignment === 'distinct' ? Float64Array.from(distinct) : dataBlocksOf(vectors) };
  });
}

function comparisonOf(
  alignment: ContentAlignment,
  vectors: readonly StoredVector[],
  pairs: PairSet,
  threads: number,
  limits: ComparisonLimits,
): ContentComparison {
  return {
    alignment,
    vectors: threads === 0 ? vectors : vectors.map(sharedVector),
    pairs,
    limits,
    equal: sharedCounts(pairCountOf(pairs)),
    distinct: sharedCounts(vectors.length),
    progress: new BigInt64Array(new SharedArrayBuffer(8)),
    stop: new Int32Array(new SharedArrayBuffer(4)),
    locks: new Int32Array(new SharedArrayBuffer(4 * vectors.length)),
  };
}

/**
 * Returns at least as many tasks as threads. The number of partitions is a power of two. It is large enough for each
 * partition to probably fit, unless that takes more than 4,096 partitions.
 */
function tasksOf(comparison: ContentComparison, threads: number): ContentTask[] {
  const { pairs, limits } = comparison;
  const stored = storedIn(comparison);
  const spans = probeSpans(pairs);
  const elements = roomForElements(stored, limits);
  const expected = rowsOf(stored) / (elements * ROWS_PER_ELEMENT);
  const fewest = Math.max(1, threads / spans.length, Math.min(expected, 4096));
  const partitions = 2 ** Math.ceil(Math.log2(fewest));
  const values = Array.from({ length: partitions }, (_, value) => value);
  return values.flatMap((value) => spans.map((probes) => ({ mask: partitions - 1, value, probes })));
}

/** Returns the fraction of the work that is done. It stays below 1, because pairs are counted after the last row. */
function fractionOf({ vectors, pairs, progress }: ContentComparison): number {
  const { build, probe } = rowsToTake(vectors, pairs);
  return Number(Atomics.load(progress, 0)) / ((build + probe + 1) * UNITS_PER_ROW);
}
