import { availableParallelism } from 'node:os';
import type { HashVector } from '../contracts/hash-vector.js';
import type { Tile } from '../contracts/tile.js';
import { VirtSimilarityError } from '../errors.js';
import { checkComparable } from './check-comparable.js';
import type { CompareOptions } from './compare-options.js';
import { COMPARISON_LIMITS, type ComparisonLimits } from './engine/comparison.js';
import { countContents } from './engine/count-contents.js';
import { countPositions } from './engine/count-positions.js';
import { type PairSet, pairsBetween } from './engine/pair-set.js';
import { dataBlocksOf } from './pairwise-counts.js';

/**
 * Compares each of some vectors, the rows, with each of others, the columns, block number by block number: the same counts
 * as `compareByPosition` gives for these pairs. A vector may be on both sides.
 *
 * Of the side that has more vectors, only what is at block numbers at which the other side has data is read, and only
 * what is read is checked.
 * Memory: four 32-bit counts for each pair, and some 200 MiB for each thread, whatever the disks' size.
 *
 * @throws `usage` where a side has no vector, both have more than 65,532, or the vectors were not made alike, and
 *   otherwise as `compareByPosition`.
 */
export async function comparePositionsBetween(
  rows: readonly HashVector[],
  columns: readonly HashVector[],
  { jobs = availableParallelism(), onFraction, signal }: CompareOptions = {},
  limits: ComparisonLimits = COMPARISON_LIMITS,
): Promise<Tile> {
  const { vectors, pairs } = sidesOf(rows, columns);
  const { equal, common } = await countPositions(vectors, pairs, { jobs, onFraction, signal }, limits);
  return {
    alignment: 'position',
    rowBlocks: dataBlocksOf(rows),
    columnBlocks: dataBlocksOf(columns),
    equal: equal.slice(),
    common: common.slice(),
  };
}

/**
 * Compares each of some vectors, the rows, with each of others, the columns, as multisets of digests, wherever in the image
 * they are: the same counts as `compareContents` gives for these pairs. A vector may be on both sides.
 * Memory: two 32-bit counts for each pair, and some 400 MiB for each thread, whatever the disks' size.
 *
 * @throws `usage` where a side has no vector or the vectors were not made alike, and otherwise as `compareContents`.
 */
export async function compareContentsBetween(
  rows: readonly HashVector[],
  columns: readonly HashVector[],
  { jobs = availableParallelism(), onFraction, signal }: CompareOptions = {},
  limits: ComparisonLimits = COMPARISON_LIMITS,
): Promise<Tile> {
  const { vectors, pairs } = sidesOf(rows, columns);
  const shared = await countContents(vectors, pairs, { jobs, onFraction, signal }, limits);
  const equal = shared.slice();
  return {
    alignment: 'free',
    rowBlocks: dataBlocksOf(rows),
    columnBlocks: dataBlocksOf(columns),
    equal,
    common: equal,
  };
}

/** Which pairs of which vectors are compared, of which the build side are the first. */
function sidesOf(
  rows: readonly HashVector[],
  columns: readonly HashVector[],
): { vectors: readonly HashVector[]; pairs: PairSet } {
  if (rows.length === 0 || columns.length === 0) {
    const found = `${rows.length} and ${columns.length}`;
    throw new VirtSimilarityError('usage', `expected hash vectors of rows and of columns to compare, found ${found}`);
  }
  checkComparable([...rows, ...columns]);
  const pairs = pairsBetween(rows.length, columns.length);
  return { vectors: rows.length <= columns.length ? [...rows, ...columns] : [...columns, ...rows], pairs };
}
