import type { HashVector } from '../../contracts/hash-vector.js';
import { VirtSimilarityError } from '../../errors.js';
import type { CompareOptions } from '../compare-options.js';
import type { ComparisonLimits, PositionalComparison, PositionalTask, SharedCounts } from './comparison.js';
import { type PairSet, pairCountOf, probeSpans, rowsToTake, slotsOf } from './pair-set.js';
import { planRanges } from './plan-ranges.js';
import { runComparison } from './run-comparison.js';
import { sharedCounts, sharedVector } from './shared-memory.js';
import { rowBytes } from './slice-labeller.js';
import { type StoredVector, withStoredVectors } from './stored-vectors.js';
import { threadsFor } from './threads-for.js';

/**
 * The most vectors of the build side: the distinct digests of a position have two-byte numbers, which must not be 0, 1
 * or their complements.
 */
const MOST_BUILDERS = 2 ** 16 - 4;
/** If there are at least this many parts of the probe side per thread, block numbers are not split into ranges. */
const PARTS_PER_THREAD = 4;
/** The most vectors that one task searches for the beginnings of ranges. */
const VECTORS_PER_TASK = 64;

/**
 * Counts equal and common blocks of pairs of vectors, block number by block number.
 *
 * Each thread processes ranges of block numbers in slices. It reads the rows of a slice, gives equal digests at one
 * position equal labels, and counts equal labels and common data blocks of all pairs with SIMD instructions.
 *
 * @throws `usage` if the build side has more than 65,532 vectors, `unavailable` if there is not enough memory, whatever
 *   `onFraction` throws, and as `withStoredVectors` and `runComparison`.
 */
export async function countPositions(
  vectors: readonly HashVector[],
  pairs: PairSet,
  { jobs, onFraction, signal }: CompareOptions & { readonly jobs: number },
  limits: ComparisonLimits,
): Promise<SharedCounts> {
  if (pairs.build > MOST_BUILDERS) {
    const found = `found ${pairs.build}; compare fewer at a time`;
    throw new VirtSimilarityError('usage', `expected at most ${MOST_BUILDERS} images, ${found}`);
  }
  return withStoredVectors(vectors, { signal, openFiles: limits.openFiles }, async (stored) => {
    const threads = threadsFor(stored, pairs, jobs, limits);
    const comparison = comparisonOf(stored, pairs, threads, limits);
    const onProgress = (): void => onFraction?.(fractionOf(comparison));
    await runComparison({ comparison, rounds: roundsOf(comparison) }, { threads, onProgress, signal });
    onFraction?.(1);
    return comparison.counts;
  });
}

function comparisonOf(
  vectors: readonly StoredVector[],
  pairs: PairSet,
  threads: number,
  limits: ComparisonLimits,
): PositionalComparison {
  const count = pairCountOf(pairs);
  // Parts of the probe side keep threads busy at less cost than ranges, because ranges split reads into shorter ones.
  const hasManyParts = probeSpans(pairs).length >= PARTS_PER_THREAD * threads;
  const bounds = planRanges(vectors, pairs, hasManyParts ? 1 : threads, rowBytes(limits, slotsOf(pairs)));
  const repeated = sharedCounts(pairs.probe === 0 ? vectors.length : 0);
  return {
    alignment: 'position',
    vectors: threads === 0 ? vectors : vectors.map(sharedVector),
    pairs,
    limits,
    bounds,
    firstRows: sharedCounts(bounds.length * vectors.length),
    counts: { equal: sharedCounts(count), common: sharedCounts(count), repeated },
    progress: new BigInt64Array(new SharedArrayBuffer(8)),
    stop: new Int32Array(new SharedArrayBuffer(4)),
    locks: new Int32Array(new SharedArrayBuffer(4 * vectors.length)),
  };
}

/** Returns two rounds of tasks: the first finds the beginnings of all ranges, the second compares the ranges. */
function roundsOf({ vectors, pairs, bounds }: PositionalComparison): PositionalTask[][] {
  const locate: PositionalTask[] = [];
  for (let first = 0; first < vectors.length; first += VECTORS_PER_TASK) {
    locate.push({ kind: 'locate', first, end: Math.min(first + VECTORS_PER_TASK, vectors.length) });
  }
  const ranges = Array.from({ length: bounds.length - 1 }, (_, range) => range);
  const spans = probeSpans(pairs);
  const count = ranges.flatMap((range) => spans.map((probes): PositionalTask => ({ kind: 'count', range, probes })));
  return [locate, count];
}

/** Returns the fraction of the work that is done. It stays below 1, because work may remain after the last row. */
function fractionOf({ vectors, pairs, progress }: PositionalComparison): number {
  const { build, probe } = rowsToTake(vectors, pairs);
  return Number(Atomics.load(progress, 0)) / (2 * (build + probe) + 1);
}
