import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HashVector } from '../hash-vectors/hash-vector.js';
import { checkComparable } from './check-comparable.js';
import type { CompareOptions } from './compare-options.js';
import { LABEL_SHARED, LABEL_ZERO, labelWindows } from './label-windows.js';
import type { PairwiseCounts } from './pairwise-counts.js';

/** What comparing all vectors at equal block numbers yields. */
export interface PositionalCounts extends PairwiseCounts {
  /** For each vector, its non-zero blocks that another vector has at the same block number. */
  readonly repeated: Float64Array;
}

/**
 * Compares every pair of vectors, block number by block number; exact.
 * Memory: some 2¹⁸ digests and labels, one batch of rows of each vector, and the counts.
 * Throws `usage` where there is no vector or they were not made alike, `aborted`, and what reading the vectors throws.
 */
export async function compareByPosition(
  vectors: readonly HashVector[],
  { onFraction, signal }: CompareOptions = {},
): Promise<PositionalCounts> {
  checkComparable(vectors);
  const size = vectors.length;
  const pairs = (size * (size - 1)) / 2;
  const counts: PositionalCounts = {
    size,
    dataBlocks: Float64Array.from(vectors, ({ dataBlocks }) => dataBlocks),
    equal: new Float64Array(pairs),
    either: new Float64Array(pairs),
    repeated: new Float64Array(size),
  };
  for await (const { labels, fraction } of labelWindows(vectors, signal)) {
    for (let index = 0; index < size; index++) counts.repeated[index]! += countShared(labels[index]!);
    countPairs(labels, counts);
    if (fraction < 1) onFraction?.(fraction);
    // Vectors in memory never wait for anything, so that nobody else, an interruption included, would get a turn.
    await nextTurn();
  }
  onFraction?.(1);
  return counts;
}

function countShared(labels: Uint8Array | Uint16Array): number {
  let shared = 0;
  for (let position = 0; position < labels.length; position++) if (labels[position]! >= LABEL_SHARED) shared++;
  return shared;
}

function countPairs(labels: readonly (Uint8Array | Uint16Array)[], { equal, either }: PositionalCounts): void {
  let pair = 0;
  for (let first = 0; first < labels.length; first++) {
    for (let second = first + 1; second < labels.length; second++, pair++) {
      addPair(labels[first]!, labels[second]!, pair, equal, either);
    }
  }
}

function addPair(
  first: Uint8Array | Uint16Array,
  second: Uint8Array | Uint16Array,
  pair: number,
  equal: Float64Array,
  either: Float64Array,
): void {
  let same = 0;
  let nonZero = 0;
  for (let position = 0; position < first.length; position++) {
    const left = first[position]!;
    const right = second[position]!;
    if (left === right && left >= LABEL_SHARED) same++;
    if ((left | right) !== LABEL_ZERO) nonZero++;
  }
  equal[pair]! += same;
  either[pair]! += nonZero;
}
