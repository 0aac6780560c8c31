import { availableParallelism } from 'node:os';
import type { HashVector } from '../contracts/hash-vector.js';
import { VirtSimilarityError } from '../errors.js';
import { checkComparable } from './check-comparable.js';
import type { CompareOptions } from './compare-options.js';
import {
  COMPARISON_LIMITS,
  type ComparisonLimits,
  type PositionalComparison,
  type PositionalTask,
} from './engine/comparison.js';
import { planRanges } from './engine/plan-ranges.js';
import { runComparison } from './engine/run-comparison.js';
import { sharedCounts, sharedVector } from './engine/shared-memory.js';
import { rowBytes } from './engine/slice-labeller.js';
import { rowsOf, type StoredVector, withStoredVectors } from './engine/stored-vectors.js';
import { threadsFor } from './engine/threads-for.js';
import type { PairwiseCounts } from './pairwise-counts.js';

/** What comparing all vectors at equal block numbers yields. */
export interface PositionalCounts extends PairwiseCounts {
  /** For each vector, its non-zero blocks that another vector has at the same block number. */
  readonly repeated: Float64Array;
}

/** Vectors that are searched for the beginnings of ranges in one task. */
const VECTORS_PER_TASK = 64;
/** The distinct digests of a position are numbered in two bytes, without 0 and 1 and their complements. */
const MOST_VECTORS = 2 ** 16 - 4;

/**
 * Compares every pair of vectors, block number by block number; exact, whatever the number of threads.
 *
 * Each thread takes ranges of block numbers. It reads a slice of the rows of all vectors, gives digests that occur more
 * than once at a position a label, and counts equal labels and common data blocks of all pairs with SIMD instructions.
 * Memory: two 32-bit counts for each pair, and some 200 MiB for each thread, whatever the disks' size.
 *
 * Throws `usage` where there is no vector, more than 65,532, or they were not made alike, `aborted`, `changed` where a
 * vector's file does not stay as it was, `unavailable` where threads or memory are missing, and what reading the vectors
 * throws.
 */
export async function compareByPosition(
  vectors: readonly HashVector[],
  { jobs = availableParallelism(), onFraction, signal }: CompareOptions = {},
  limits: ComparisonLimits = COMPARISON_LIMITS,
): Promise<PositionalCounts> {
  checkComparable(vectors);
  const size = vectors.length;
  if (size > MOST_VECTORS) {
    throw new VirtSimilarityError(
      'usage',
      `expected at most ${MOST_VECTORS} images, found ${size}; compare fewer at a time`,
    );
  }
  return withStoredVectors(vectors, { signal, openFiles: limits.openFiles }, async (stored) => {
    const threads = threadsFor(stored, jobs, limits);
    const comparison = comparisonOf(stored, threads, limits);
    const onProgress = (): void => onFraction?.(fractionOf(comparison));
    await runComparison({ comparison, rounds: roundsOf(comparison) }, { threads, onProgress, signal });
    onFraction?.(1);
    return countsOf(comparison);
  });
}

function comparisonOf(
  vectors: readonly StoredVector[],
  threads: number,
  limits: ComparisonLimits,
): PositionalComparison {
  const pairs = (vectors.length * (vectors.length - 1)) / 2;
  const bounds = planRanges(vectors, threads, rowBytes(limits, vectors.length));
  return {
    alignment: 'position',
    vectors: threads === 0 ? vectors : vectors.map(sharedVector),
    limits,
    bounds,
    firstRows: sharedCounts(bounds.length * vectors.length),
    counts: { equal: sharedCounts(pairs), common: sharedCounts(pairs), repeated: sharedCounts(vectors.length) },
    progress: new BigInt64Array(new SharedArrayBuffer(8)),
    stop: new Int32Array(new SharedArrayBuffer(4)),
    locks: new Int32Array(new SharedArrayBuffer(4 * vectors.length)),
  };
}

/** First the beginnings of all ranges are looked up, then the ranges are compared. */
function roundsOf({ vectors, bounds }: PositionalComparison): PositionalTask[][] {
  const locate: PositionalTask[] = [];
  for (let first = 0; first < vectors.length; first += VECTORS_PER_TASK) {
    locate.push({ kind: 'locate', first, end: Math.min(first + VECTORS_PER_TASK, vectors.length) });
  }
  const count = Array.from({ length: bounds.length - 1 }, (_, range): PositionalTask => ({ kind: 'count', range }));
  return [locate, count];
}

/** How much has been done, below 1: there may be something left to do where nothing is left to count. */
function fractionOf({ vectors, progress }: PositionalComparison): number {
  return Number(Atomics.load(progress, 0)) / (2 * rowsOf(vectors) + 1);
}

function countsOf({ vectors, counts: { equal, common, repeated } }: PositionalComparison): PositionalCounts {
  const dataBlocks = Float64Array.from(vectors, (vector) => vector.dataBlocks);
  return { size: vectors.length, dataBlocks, equal, common, repeated: Float64Array.from(repeated) };
}
