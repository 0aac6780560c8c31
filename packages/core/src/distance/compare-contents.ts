import { availableParallelism } from 'node:os';
import type { HashVector } from '../contracts/hash-vector.js';
import { checkComparable } from './check-comparable.js';
import type { CompareOptions } from './compare-options.js';
import {
  COMPARISON_LIMITS,
  type ComparisonLimits,
  type ContentComparison,
  type ContentTask,
} from './engine/comparison.js';
import { roomForElements, UNITS_PER_ROW } from './engine/content-thread.js';
import { runComparison } from './engine/run-comparison.js';
import { sharedCounts, sharedVector } from './engine/shared-memory.js';
import { rowsOf, type StoredVector, withStoredVectors } from './engine/stored-vectors.js';
import { threadsFor } from './engine/threads-for.js';
import type { PairwiseCounts } from './pairwise-counts.js';

/** Rows of a partition for each element that has room: most rows are of digests that other rows have too. */
const ROWS_PER_ELEMENT = 4;

/**
 * Compares every pair of vectors as multisets of digests, wherever in the image they stand; exact, whatever the number
 * of threads.
 *
 * The k-th occurrence of a digest within a vector is one element, so that the multisets become sets and the sum of the
 * smaller multiplicities is the size of an intersection: the bits that two bit sets have in common. Where a vector has
 * a digest more than eight times, the smaller multiplicities are added as they are.
 * The digests are taken in partitions, and all vectors are read once for each. Memory: one 32-bit count for each pair,
 * and some 400 MiB for each thread, whatever the disks' size.
 *
 * Throws `usage` where there is no vector or they were not made alike, `aborted`, `changed` where a vector's file does
 * not stay as it was, `unavailable` where threads or memory are missing or too many digests are alike without being
 * equal, and what reading the vectors throws.
 */
export async function compareContents(
  vectors: readonly HashVector[],
  { jobs = availableParallelism(), onFraction, signal }: CompareOptions = {},
  limits: ComparisonLimits = COMPARISON_LIMITS,
): Promise<PairwiseCounts> {
  checkComparable(vectors);
  return withStoredVectors(vectors, { signal, openFiles: limits.openFiles }, async (stored) => {
    const threads = threadsFor(stored, jobs, limits);
    const comparison = comparisonOf(stored, threads, limits);
    const onProgress = (): void => onFraction?.(fractionOf(comparison));
    await runComparison({ comparison, rounds: [partitionsOf(comparison, threads)] }, { threads, onProgress, signal });
    onFraction?.(1);
    const dataBlocks = Float64Array.from(vectors, (vector) => vector.dataBlocks);
    return { size: vectors.length, dataBlocks, equal: comparison.equal, common: comparison.equal };
  });
}

function comparisonOf(vectors: readonly StoredVector[], threads: number, limits: ComparisonLimits): ContentComparison {
  return {
    alignment: 'free',
    vectors: threads === 0 ? vectors : vectors.map(sharedVector),
    limits,
    equal: sharedCounts((vectors.length * (vectors.length - 1)) / 2),
    progress: new BigInt64Array(new SharedArrayBuffer(8)),
    stop: new Int32Array(new SharedArrayBuffer(4)),
    locks: new Int32Array(new SharedArrayBuffer(4 * vectors.length)),
  };
}

/** Partitions that most likely have room, and at least as many as there are threads; a power of two. */
function partitionsOf({ vectors, limits }: ContentComparison, threads: number): ContentTask[] {
  const elements = roomForElements(vectors, limits);
  const expected = rowsOf(vectors) / (elements * ROWS_PER_ELEMENT);
  const partitions = 2 ** Math.ceil(Math.log2(Math.max(1, threads, Math.min(expected, 4096))));
  return Array.from({ length: partitions }, (_, value) => ({ mask: partitions - 1, value }));
}

/** How much has been done, below 1: pairs are counted after the last row. */
function fractionOf({ vectors, progress }: ContentComparison): number {
  return Number(Atomics.load(progress, 0)) / ((rowsOf(vectors) + 1) * UNITS_PER_ROW);
}
