import { pathText } from '@virt-similarity/core';
import type { FileBytes } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';

const SECTOR_BYTES = 512n;
const MAX_BACKING_NAME_BYTES = 1023;

/**
 * The most bytes of a table that points to further tables. qemu does not read longer tables of qcow2; in other formats,
 * only images larger than any real disk need longer tables.
 */
export const MAX_DIRECTORY_BYTES = 32n * 1024n * 1024n;

/**
 * Returns the `length` bytes at `position`, which must be within the file. `what` is their name in errors.
 *
 * @throws `HeaderError` if the file ends before the last of these bytes, if `position` is negative, or if the file
 * cannot be read.
 */
export async function readExactly(bytes: FileBytes, position: number, length: number, what: string): Promise<Buffer> {
  requireWithin(bytes, BigInt(position), BigInt(length), what);
  const read = position < 0 ? undefined : await bytes.read(position, length);
  if (read === undefined || read.length < length) {
    throw corrupt(`its ${what} is truncated`);
  }
  return read;
}

/** @throws `HeaderError` unless `length` bytes at `position` are within the file. */
export function requireWithin(bytes: FileBytes, position: bigint, length: bigint, what: string): void {
  const end = position + length;
  if (end > BigInt(bytes.size)) {
    throw corrupt(
      `its ${what} ends at byte ${end}, but the file has only ${bytes.size} bytes: it is truncated or damaged`,
    );
  }
}

/**
 * Converts a virtual size in bytes to a number.
 *
 * @throws `HeaderError` if it is 2⁵³ bytes or more.
 */
export function countableSize(bytes: bigint): number {
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw refused(`its header claims a disk of ${bytes} bytes, more than any real one; restore it from a good copy`);
  }
  return Number(bytes);
}

/** Returns the size that a guest sees of a qcow or qcow2 disk: qemu drops an incomplete last sector. */
export function wholeSectors(bytes: bigint): bigint {
  return bytes - (bytes % SECTOR_BYTES);
}

/** Returns `whole` divided by `part`, rounded up. */
export function ceilDivide(whole: bigint, part: bigint): bigint {
  return (whole + part - 1n) / part;
}

export function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count));
}

/**
 * Decodes text from a header. Bytes that are not UTF-8 are encoded as by `pathText`. `what` is the name of the text in
 * errors.
 *
 * @throws `HeaderError` if the text contains a NUL.
 */
export function headerText(bytes: Buffer, what: string): string {
  const text = pathText(bytes);
  if (text.includes('\0')) {
    throw corrupt(`its ${what} contains a NUL byte`);
  }
  return text;
}

/**
 * Reads the name of a backing file, which has `length` bytes at `position`.
 *
 * @throws `HeaderError` if the length is not from 1 to 1023, if the name is not within the file or contains a NUL, or
 * if the file cannot be read.
 */
export async function readBackingName(bytes: FileBytes, position: bigint, length: number): Promise<string> {
  const what = "backing file's name";
  if (length < 1 || length > MAX_BACKING_NAME_BYTES) {
    throw corrupt(`its ${what} has ${length} bytes, expected 1 to ${MAX_BACKING_NAME_BYTES}`);
  }
  requireWithin(bytes, position, BigInt(length), what);
  return headerText(await readExactly(bytes, Number(position), length, what), what);
}
