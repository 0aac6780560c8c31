import type { HashVector } from '../../contracts/hash-vector.js';
import type { CompareOptions } from '../compare-options.js';
import type { ComparisonLimits, ContentComparison, ContentTask } from './comparison.js';
import { roomForElements, UNITS_PER_ROW } from './content-thread.js';
import { type PairSet, pairCountOf, probeSpans, rowsToTake } from './pair-set.js';
import { runComparison } from './run-comparison.js';
import { sharedCounts, sharedVector } from './shared-memory.js';
import { rowsOf, type StoredVector, withStoredVectors } from './stored-vectors.js';
import { threadsFor } from './threads-for.js';

/** Rows of a partition for each element that has room: most rows are of digests that other rows have too. */
const ROWS_PER_ELEMENT = 4;

/**
 * Counts the blocks that both of a pair of vectors have, for each pair, at any block number.
 *
 * The k-th occurrence of a digest within a vector is one element, so that the multisets become sets and the sum of the
 * smaller multiplicities is the size of an intersection: the bits that two bit sets have in common. Where a vector has
 * a digest more than eight times, the smaller multiplicities are added as they are. The digests are taken in
 * partitions, and all vectors are read once for each.
 *
 * @throws what reading the vectors throws, `aborted`, `changed` and `unavailable`.
 */
export async function countContents(
  vectors: readonly HashVector[],
  pairs: PairSet,
  { jobs, onFraction, signal }: CompareOptions & { readonly jobs: number },
  limits: ComparisonLimits,
): Promise<Uint32Array> {
  return withStoredVectors(vectors, { signal, openFiles: limits.openFiles }, async (stored) => {
    const threads = threadsFor(stored, pairs, jobs, limits);
    const comparison = comparisonOf(stored, pairs, threads, limits);
    const onProgress = (): void => onFraction?.(fractionOf(comparison));
    await runComparison({ comparison, rounds: [tasksOf(comparison, threads)] }, { threads, onProgress, signal });
    onFraction?.(1);
    return comparison.equal;
  });
}

function comparisonOf(
  vectors: readonly StoredVector[],
  pairs: PairSet,
  threads: number,
  limits: ComparisonLimits,
): ContentComparison {
  return {
    alignment: 'free',
    vectors: threads === 0 ? vectors : vectors.map(sharedVector),
    pairs,
    limits,
    equal: sharedCounts(pairCountOf(pairs)),
    progress: new BigInt64Array(new SharedArrayBuffer(8)),
    stop: new Int32Array(new SharedArrayBuffer(4)),
    locks: new Int32Array(new SharedArrayBuffer(4 * vectors.length)),
  };
}

/** Partitions that most likely have room, a power of two, and at least as many tasks as there are threads. */
function tasksOf({ vectors, pairs, limits }: ContentComparison, threads: number): ContentTask[] {
  const builders = vectors.slice(0, pairs.build);
  const spans = probeSpans(pairs);
  const elements = roomForElements(builders, limits);
  const expected = rowsOf(builders) / (elements * ROWS_PER_ELEMENT);
  const fewest = Math.max(1, threads / spans.length, Math.min(expected, 4096));
  const partitions = 2 ** Math.ceil(Math.log2(fewest));
  const values = Array.from({ length: partitions }, (_, value) => value);
  return values.flatMap((value) => spans.map((probes) => ({ mask: partitions - 1, value, probes })));
}

/** How much has been done, below 1: pairs are counted after the last row. */
function fractionOf({ vectors, pairs, progress }: ContentComparison): number {
  const { build, probe } = rowsToTake(vectors, pairs);
  return Number(Atomics.load(progress, 0)) / ((build + probe + 1) * UNITS_PER_ROW);
}
