import type { DiskImage } from '@virt-similarity/core';
import { throwIfAborted } from '@virt-similarity/core/errors';

/** Bytes that are compared at once; a multiple of every cluster size. */
const BYTES_AT_ONCE = 4 * 1024 * 1024;

const SECTOR = 512;

/** The clusters in which a disk differs from another disk. */
export interface Difference {
  /** Numbers of the differing clusters that are not zero in the disk, ascending. */
  readonly data: readonly number[];
  /** Numbers of the differing clusters that are zero in the disk, ascending. */
  readonly zeros: readonly number[];
}

/**
 * Compares a disk with `base` byte by byte, and returns the clusters in which they differ. Past the end of `base`, its
 * content counts as zeros, as in qemu. Ranges that are known to be zero in both are not read.
 *
 * @param base absent to return the clusters that are not zero
 * @throws `aborted`, and the errors of reading.
 */
export async function differenceOf(
  disk: DiskImage,
  base: DiskImage | undefined,
  clusterSize: number,
  signal?: AbortSignal | undefined,
): Promise<Difference> {
  const data: number[] = [];
  const zeros: number[] = [];
  for await (const { start, content, below } of contents(disk, base, signal)) {
    for (let offset = 0; offset < content.length; offset += clusterSize) {
      const own = content.subarray(offset, offset + clusterSize);
      if (Buffer.compare(own, below.subarray(offset, offset + clusterSize)) !== 0) {
        const isZero = own.every((byte) => byte === 0);
        (isZero ? zeros : data).push((start + offset) / clusterSize);
      }
    }
  }
  return { data, zeros };
}

/**
 * Returns the size of a disk as a guest sees it: rounded up to complete sectors, with zeros at the end of the last
 * sector.
 */
export function guestSize({ virtualSize }: Pick<DiskImage, 'virtualSize'>): number {
  return Math.ceil(virtualSize / SECTOR) * SECTOR;
}

/**
 * Returns the position of the first byte in which two disks differ for a guest; `undefined` if they are equal. If a
 * guest sees different sizes, returns the smaller virtual size and does not compare the content.
 *
 * @throws as `differenceOf`.
 */
export async function firstDifference(
  disk: DiskImage,
  other: DiskImage,
  signal?: AbortSignal | undefined,
): Promise<number | undefined> {
  if (guestSize(disk) !== guestSize(other)) {
    return Math.min(disk.virtualSize, other.virtualSize);
  }
  for await (const { start, content, below } of contents(disk, other, signal)) {
    if (Buffer.compare(content, below) !== 0) {
      return start + content.findIndex((byte, index) => byte !== below[index]);
    }
  }
  return undefined;
}

/**
 * Yields the content of both disks in pieces, except where both are known to be zero. All pieces share the same
 * buffers, so each piece is valid only until the next piece.
 */
async function* contents(
  disk: DiskImage,
  base: DiskImage | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly start: number; readonly content: Uint8Array; readonly below: Uint8Array }> {
  const pieces = new Set([...(await dataPieces(disk)), ...(base === undefined ? [] : await dataPieces(base))]);
  const content = new Uint8Array(BYTES_AT_ONCE);
  const below = new Uint8Array(BYTES_AT_ONCE);
  for (const piece of [...pieces].sort((a, b) => a - b)) {
    throwIfAborted(signal);
    const start = piece * BYTES_AT_ONCE;
    const length = Math.min(BYTES_AT_ONCE, guestSize(disk) - start);
    if (length <= 0) {
      return;
    }
    await readInto(disk, content, start, length);
    await readInto(base, below, start, length);
    yield { start, content: content.subarray(0, length), below: below.subarray(0, length) };
  }
}

/**
 * Fills the first `length` bytes of `target` with the content of the disk from `start`. Bytes past the end of the disk
 * become zeros; without a disk, all bytes do.
 */
async function readInto(disk: DiskImage | undefined, target: Uint8Array, start: number, length: number): Promise<void> {
  const available = Math.max(0, Math.min(length, (disk?.virtualSize ?? 0) - start));
  target.fill(0, available, length);
  if (available > 0) {
    await disk!.read(target.subarray(0, available), start);
  }
}

/** Returns the numbers of the pieces that contain data according to the extents of the disk. */
async function dataPieces(disk: DiskImage): Promise<Set<number>> {
  const pieces = new Set<number>();
  for await (const { kind, start, length } of disk.extents()) {
    if (kind === 'data') {
      for (let piece = Math.floor(start / BYTES_AT_ONCE); piece * BYTES_AT_ONCE < start + length; piece++) {
        pieces.add(piece);
      }
    }
  }
  return pieces;
}
