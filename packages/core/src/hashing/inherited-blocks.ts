import type { Extent } from '../contracts/disk-image.js';
import type { HashVector } from '../hash-vectors/hash-vector.js';
import { concatenate, type HashedBlocks } from './hashed-blocks.js';

/** Consecutive block numbers. */
export interface BlockRange {
  readonly first: number;
  /** One past the last. */
  readonly end: number;
}

/** The whole blocks all of whose bytes come from the backing image, in ascending ranges. */
export function inheritedRanges(extents: Iterable<Extent>, blockSize: number): BlockRange[] {
  const ranges: BlockRange[] = [];
  let start: number | undefined;
  let end = 0;
  const endRun = (): void => {
    if (start === undefined) return;
    const range = { first: Math.ceil(start / blockSize), end: Math.floor(end / blockSize) };
    if (range.first < range.end) ranges.push(range);
    start = undefined;
  };
  for (const extent of extents) {
    if (extent.inherited) start ??= extent.start;
    else endRun();
    end = extent.start + extent.length;
  }
  endRun();
  return ranges;
}

/** The extents with the blocks of the ranges taken for zeros, so that they are not read. */
export function* withoutRanges(
  extents: Iterable<Extent>,
  ranges: readonly BlockRange[],
  blockSize: number,
): Generator<Extent> {
  let next = 0;
  for (const extent of extents) {
    const extentEnd = extent.start + extent.length;
    let position = extent.start;
    while (position < extentEnd) {
      while (next < ranges.length && ranges[next]!.end * blockSize <= position) next++;
      const range = ranges[next];
      const rangeStart = range === undefined ? Number.POSITIVE_INFINITY : range.first * blockSize;
      const isWithin = position >= rangeStart;
      const end = Math.min(extentEnd, isWithin ? range!.end * blockSize : rangeStart);
      yield isWithin ? { kind: 'zero', start: position, length: end - position } : part(extent, position, end);
      position = end;
    }
  }
}

/** An image's own blocks and those of the ranges that its backing image has, in one ascending sequence. */
export async function withInherited(
  own: HashedBlocks,
  base: HashVector,
  ranges: readonly BlockRange[],
): Promise<HashedBlocks> {
  const parts: HashedBlocks[] = [];
  let ownRow = 0;
  const takeOwnBelow = (block: number): void => {
    const from = ownRow;
    while (ownRow < own.blocks.length && own.blocks[ownRow]! < block) ownRow++;
    if (from < ownRow) parts.push(rows(own, from, ownRow, base.digestLength));
  };
  let next = 0;
  for await (const batch of base.rows()) {
    let row = 0;
    while (row < batch.blocks.length && next < ranges.length) {
      const { first, end } = ranges[next]!;
      const from = firstRowAt(batch.blocks, first, row);
      row = firstRowAt(batch.blocks, end, from);
      if (from < row) {
        takeOwnBelow(first);
        parts.push(rows(batch, from, row, base.digestLength));
      }
      if (row < batch.blocks.length) next++;
    }
  }
  takeOwnBelow(Number.POSITIVE_INFINITY);
  return concatenate(parts, base.digestLength);
}

function part(extent: Extent, start: number, end: number): Extent {
  const length = end - start;
  if (extent.kind === 'zero' || extent.stored === undefined) return { ...extent, start, length };
  const { layer, offset } = extent.stored;
  return { ...extent, start, length, stored: { layer, offset: offset + start - extent.start } };
}

function rows({ blocks, digests }: HashedBlocks, from: number, to: number, digestLength: number): HashedBlocks {
  return { blocks: blocks.subarray(from, to), digests: digests.subarray(from * digestLength, to * digestLength) };
}

/** The first row from `from` on whose block number is `block` or more. */
function firstRowAt(blocks: Uint32Array, block: number, from: number): number {
  let low = from;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (blocks[middle]! < block) low = middle + 1;
    else high = middle;
  }
  return low;
}
