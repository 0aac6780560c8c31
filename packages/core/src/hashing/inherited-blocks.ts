import type { Extent } from '../contracts/disk-image.js';
import type { HashVector } from '../contracts/hash-vector.js';
import { partitionPoint } from '../partition-point.js';
import type { HashedBlocks } from './hashed-blocks.js';

/** Consecutive block numbers. */
export interface BlockRange {
  readonly first: number;
  /** The number after the last. */
  readonly end: number;
}

/**
 * Yields ascending ranges of the blocks that are inherited completely from the backing image, except a partial last
 * block of the disk.
 */
export function* inheritedRanges(extents: Iterable<Extent>, blockSize: number): Generator<BlockRange, undefined> {
  let start: number | undefined;
  let end = 0;
  for (const extent of extents) {
    if (extent.inherited) {
      start ??= extent.start;
    } else {
      if (start !== undefined) {
        yield* wholeBlocks(start, end, blockSize);
      }
      start = undefined;
    }
    end = extent.start + extent.length;
  }
  if (start !== undefined) {
    yield* wholeBlocks(start, end, blockSize);
  }
}

/** Yields the range of the blocks that are completely within the bytes from `start` to `end` − 1, if there are any. */
function* wholeBlocks(start: number, end: number, blockSize: number): Generator<BlockRange, undefined> {
  const range = { first: Math.ceil(start / blockSize), end: Math.floor(end / blockSize) };
  if (range.first < range.end) {
    yield range;
  }
}

/**
 * Yields the extents, with the blocks of the ranges replaced by zeros, so that these blocks are not read.
 *
 * @param ranges ascending, without overlap
 */
export function* withoutRanges(
  extents: Iterable<Extent>,
  ranges: Iterable<BlockRange>,
  blockSize: number,
): Generator<Extent> {
  const remaining = ranges[Symbol.iterator]();
  let range = nextOf(remaining);
  for (const extent of extents) {
    const extentEnd = extent.start + extent.length;
    let position = extent.start;
    while (position < extentEnd) {
      while (range !== undefined && range.end * blockSize <= position) {
        range = nextOf(remaining);
      }
      const rangeStart = range === undefined ? Number.POSITIVE_INFINITY : range.first * blockSize;
      const isWithin = position >= rangeStart;
      const end = Math.min(extentEnd, isWithin ? range!.end * blockSize : rangeStart);
      yield isWithin ? { kind: 'zero', start: position, length: end - position } : sliceOf(extent, position, end);
      position = end;
    }
  }
}

/**
 * Merges an image's own blocks with the base's blocks in the ranges, in ascending order, in new memory.
 *
 * @param own blocks outside the ranges
 * @param ranges ascending, without overlap
 * @throws whatever reading `base` throws.
 */
export async function withInherited(
  own: HashedBlocks,
  base: HashVector,
  ranges: Iterable<BlockRange>,
): Promise<HashedBlocks> {
  const pieces: Piece[] = [];
  let ownRow = 0;
  const takeOwnBelow = (block: number): void => {
    const end = partitionPoint(own.blocks, (ownBlock) => ownBlock < block, ownRow);
    pieces.push({ rows: own, from: ownRow, end });
    ownRow = end;
  };
  const remaining = ranges[Symbol.iterator]();
  let range = nextOf(remaining);
  for await (const batch of base.rows()) {
    let row = 0;
    while (row < batch.blocks.length && range !== undefined) {
      const { first, end } = range;
      const from = partitionPoint(batch.blocks, (block) => block < first, row);
      row = partitionPoint(batch.blocks, (block) => block < end, from);
      if (from < row) {
        takeOwnBelow(first);
        pieces.push({ rows: batch, from, end: row });
      }
      if (row < batch.blocks.length) {
        range = nextOf(remaining);
      }
    }
  }
  takeOwnBelow(Number.POSITIVE_INFINITY);
  return joined(pieces, base.digestLength);
}

/** The rows `from` to `end` − 1 of a batch of rows. */
interface Piece {
  readonly rows: HashedBlocks;
  readonly from: number;
  readonly end: number;
}

function joined(pieces: readonly Piece[], digestLength: number): HashedBlocks {
  const count = pieces.reduce((sum, { from, end }) => sum + end - from, 0);
  const blocks = new Uint32Array(count);
  const digests = new Uint8Array(count * digestLength);
  let row = 0;
  for (const { rows, from, end } of pieces) {
    blocks.set(rows.blocks.subarray(from, end), row);
    digests.set(rows.digests.subarray(from * digestLength, end * digestLength), row * digestLength);
    row += end - from;
  }
  return { blocks, digests };
}

function nextOf<T>(iterator: Iterator<T, undefined>): T | undefined {
  return iterator.next().value;
}

function sliceOf(extent: Extent, start: number, end: number): Extent {
  const length = end - start;
  if (extent.kind === 'zero' || extent.stored === undefined) {
    return { ...extent, start, length };
  }
  const { file, offset } = extent.stored;
  return { ...extent, start, length, stored: { file, offset: offset + start - extent.start } };
}
