import { type Extent, partitionPoint } from '@virt-similarity/core';

const MEBIBYTE = 2 ** 20;

/** Bytes. Each transfer costs as much time as some MiB of data, so small holes are cheaper to take along. */
const TRANSFER_DEFAULTS = { maxLength: 32 * MEBIBYTE, maxGap: 4 * MEBIBYTE } as const;

/** What bounds transfers, in bytes. */
export interface TransferLimits {
  readonly maxLength: number;
  /** The longest hole within a transfer. */
  readonly maxGap: number;
}

/** A run of guest-visible bytes that is taken out of the appliance at once. Everything outside of transfers is zeros. */
export interface Transfer {
  readonly start: number;
  readonly length: number;
}

/** The transfers, ascending and apart, that hold all data of the extents. */
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

/** The indices, ascending, of the transfers that hold bytes from `start` to before `end`. */
export function transfersWithin(transfers: readonly Transfer[], start: number, end: number): number[] {
  if (end <= start) {
    return [];
  }
  const first = partitionPoint(transfers, (transfer) => transfer.start + transfer.length <= start);
  const past = partitionPoint(transfers, (transfer) => transfer.start < end);
  return Array.from({ length: past - first }, (_, index) => first + index);
}
