import { type Extent, partitionPoint } from '@virt-similarity/core';

const MEBIBYTE = 2 ** 20;

/**
 * The default limits. Starting a transfer takes as much time as transferring a few MiB, so transferring small holes as
 * well is faster.
 */
const TRANSFER_DEFAULTS = { maxLength: 32 * MEBIBYTE, maxGap: 4 * MEBIBYTE } as const;

/** The limits of transfers, in bytes. */
export interface TransferLimits {
  readonly maxLength: number;
  /** The longest hole within a transfer. */
  readonly maxGap: number;
}

/**
 * A run of guest-visible bytes that leaves the appliance in one piece. `start` and `length` are in bytes. Everything
 * outside of transfers is zeros.
 */
export interface Transfer {
  readonly start: number;
  readonly length: number;
}

/** Returns transfers, ascending and disjoint, that contain all data of the extents. The extents must be ascending. */
export async function planTransfers(
  extents: AsyncIterable<Extent>,
  limits: TransferLimits = TRANSFER_DEFAULTS,
): Promise<Transfer[]> {
  const transfers: Transfer[] = [];
  let start = 0;
  let end = 0;
  const finish = (position: number) => {
    if (position > start) {
      transfers.push({ start, length: position - start });
    }
    start = position;
  };
  for await (const extent of extents) {
    if (extent.kind === 'zero') {
      continue;
    }
    const gap = extent.start - end;
    const extentEnd = extent.start + extent.length;
    const tooLong = gap > 0 && extentEnd - start > limits.maxLength;
    if (end === start || gap > limits.maxGap || tooLong) {
      finish(end);
      start = extent.start;
    }
    end = extentEnd;
    while (end - start > limits.maxLength) {
      finish(start + limits.maxLength);
    }
  }
  finish(end);
  return transfers;
}

/** Returns the indexes, ascending, of the transfers that hold bytes from `start` (inclusive) to `end` (exclusive). */
export function transfersWithin(transfers: readonly Transfer[], start: number, end: number): number[] {
  if (end <= start) {
    return [];
  }
  const first = partitionPoint(transfers, (transfer) => transfer.start + transfer.length <= start);
  const past = partitionPoint(transfers, (transfer) => transfer.start < end);
  return Array.from({ length: past - first }, (_, index) => first + index);
}
