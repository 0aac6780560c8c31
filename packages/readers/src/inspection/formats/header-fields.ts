import { pathText } from '@virt-similarity/core';
import type { FileBytes } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';

const SECTOR_BYTES = 512n;
const MAX_BACKING_NAME_BYTES = 1023;

/**
 * Bytes at most of a table that leads to further tables: qemu reads no longer ones of qcow2, and images of other formats
 * that need one are larger than any real disk.
 */
export const MAX_DIRECTORY_BYTES = 32n * 1024n * 1024n;

/**
 * Reads bytes that must be there.
 *
 * @throws `HeaderError` where the file ends before, or begins only after `position`.
 */
export async function readExactly(bytes: FileBytes, position: number, length: number, what: string): Promise<Buffer> {
  requireWithin(bytes, BigInt(position), BigInt(length), what);
  const read = position < 0 ? undefined : await bytes.read(position, length);
  if (read === undefined || read.length < length) {
    throw corrupt(`its ${what} is cut short`);
  }
  return read;
}

/**
 * Bytes.
 *
 * @throws `HeaderError` unless the file is long enough for what its header says stands there.
 */
export function requireWithin(bytes: FileBytes, position: bigint, length: bigint, what: string): void {
  const end = position + length;
  if (end > BigInt(bytes.size)) {
    throw corrupt(
      `its ${what} ends at byte ${end}, but the file has only ${bytes.size} bytes: it is cut short or damaged`,
    );
  }
}

/**
 * A virtual size that can be counted in bytes.
 *
 * @throws `HeaderError` beyond 2⁵³.
 */
export function countableSize(bytes: bigint): number {
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw refused(`its header claims a disk of ${bytes} bytes, more than any real one; restore it from a good copy`);
  }
  return Number(bytes);
}

/** The bytes that a guest sees of a qcow or qcow2 disk: qemu leaves out what is beyond the last whole sector. */
export function wholeSectors(bytes: bigint): bigint {
  return bytes - (bytes % SECTOR_BYTES);
}

/** The quotient rounded up: how many parts of this size hold the whole. */
export function ceilDivide(whole: bigint, part: bigint): bigint {
  return (whole + part - 1n) / part;
}

export function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count));
}

/**
 * Text that stands in a header, bytes that are not UTF-8 as in a path.
 *
 * @throws `HeaderError` where it holds a NUL.
 */
export function headerText(bytes: Buffer, what: string): string {
  const text = pathText(bytes);
  if (text.includes('\0')) {
    throw corrupt(`its ${what} contains a NUL byte`);
  }
  return text;
}

/**
 * The name of a backing file, of `length` bytes from `position` on.
 *
 * @throws `HeaderError` where there is no such.
 */
export async function readBackingName(bytes: FileBytes, position: bigint, length: number): Promise<string> {
  const what = "backing file's name";
  if (length < 1 || length > MAX_BACKING_NAME_BYTES) {
    throw corrupt(`its ${what} has ${length} bytes, expected 1 to ${MAX_BACKING_NAME_BYTES}`);
  }
  requireWithin(bytes, position, BigInt(length), what);
  return headerText(await readExactly(bytes, Number(position), length, what), what);
}
