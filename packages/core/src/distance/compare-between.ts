import { availableParallelism } from 'node:os';
import type { HashVector } from '../contracts/hash-vector.js';
import type { Tile } from '../contracts/tile.js';
import { VirtSimilarityError } from '../errors.js';
import { checkComparable } from './check-comparable.js';
import type { CompareContentsOptions, CompareOptions } from './compare-options.js';
import { COMPARISON_LIMITS, type ComparisonLimits } from './engine/comparison.js';
import { countContents } from './engine/count-contents.js';
import { countPositions } from './engine/count-positions.js';
import { type PairSet, pairsBetween } from './engine/pair-set.js';
import { dataBlocksOf } from './pairwise-counts.js';

/**
 * Compares each row vector with each column vector, block number by block number. The counts are those that
 * `compareByPosition` returns for these pairs. A vector can be on both sides.
 *
 * From files of the side with more vectors (of the columns if the sides are equal), digests are read only near block
 * numbers at which the other side has data. Damage elsewhere in these files may not be noticed.
 *
 * Memory: four 32-bit counts per pair, up to about 200 MiB per thread (more with over 65,532 vectors or digests shorter
 * than 16 bytes), and a copy of rows that are neither in files nor in shared memory.
 *
 * @throws `usage` if a side has no vectors, or both sides have more than 65,532 vectors; otherwise as
 *   `compareByPosition`.
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
 * Compares each row vector with each column vector as multisets of digests (`free`) or as sets (`distinct`), regardless
 * of block numbers. The counts are those that `compareContents` returns for these pairs. A vector can be on both sides.
 *
 * Memory: two 32-bit counts per pair, up to about 400 MiB per thread, and a copy of rows that are neither in files nor
 * in shared memory.
 *
 * @throws `usage` if a side has no vectors; otherwise as `compareContents`.
 */
export async function compareContentsBetween(
  rows: readonly HashVector[],
  columns: readonly HashVector[],
  { alignment = 'free', jobs = availableParallelism(), onFraction, signal }: CompareContentsOptions = {},
  limits: ComparisonLimits = COMPARISON_LIMITS,
): Promise<Tile> {
  const { vectors, pairs } = sidesOf(rows, columns);
  const counts = await countContents(vectors, pairs, { jobs, onFraction, signal }, limits, alignment);
  const equal = counts.equal.slice();
  // The smaller side is first.
  const [first, second] = [counts.elements.slice(0, pairs.build), counts.elements.slice(pairs.build)];
  const [rowBlocks, columnBlocks] = rows.length <= columns.length ? [first, second] : [second, first];
  return {
    alignment,
    rowBlocks,
    columnBlocks,
    equal,
    common: equal,
  };
}

/** Returns all vectors, the build side first, and the pairs of them to compare. */
function sidesOf(
  rows: readonly HashVector[],
  columns: readonly HashVector[],
): { vectors: readonly HashVector[]; pairs: PairSet } {
  if (rows.length === 0 || columns.length === 0) {
    const found = `${rows.length} and ${columns.length}`;
    throw new VirtSimilarityError('usage', `expected hash vectors for both rows and columns, found ${found}`);
  }
  checkComparable([...rows, ...columns]);
  const pairs = pairsBetween(rows.length, columns.length);
  return { vectors: rows.length <= columns.length ? [...rows, ...columns] : [...columns, ...rows], pairs };
}
