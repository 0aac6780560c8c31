import type { HashVectorHeader } from '../contracts/hash-vector.js';
import { excerptOf } from '../errors.js';

/** The smallest block size in bytes. */
export const SMALLEST_BLOCK = 512;
/** The largest block size in bytes. */
export const LARGEST_BLOCK = 16 * 1024 * 1024;
/** The longest digest in bytes. */
const LONGEST_DIGEST = 64;
/** The longest version of a hasher in characters. */
const LONGEST_VERSION = 100;
/** The most blocks of a disk, because block numbers have 32 bits. */
const MOST_BLOCKS = 2 ** 32;

/** Checks the numbers and the hasher of a header. Returns a problem as `expected …, found …`; otherwise `undefined`. */
export function problemOfHeader(header: HashVectorHeader): string | undefined {
  const { algorithm, blockSize, dataBlocks, digestLength, hasherVersion, virtualSize } = header;
  if (algorithm === '') {
    return 'expected the name of a block hasher, found none';
  }
  if (hasherVersion !== undefined && !isVersion(hasherVersion)) {
    return `expected a hasher version of 1 to ${LONGEST_VERSION} characters, found ${excerptOf(hasherVersion)}`;
  }
  if (!Number.isInteger(digestLength) || digestLength < 1 || digestLength > LONGEST_DIGEST) {
    return `expected digests of 1 to ${LONGEST_DIGEST} bytes, found ${digestLength}`;
  }
  if (!isBlockSize(blockSize)) {
    return `expected a block size that is a power of two from 512 to 16M, found ${blockSize}`;
  }
  if (!Number.isSafeInteger(virtualSize) || virtualSize < 0) {
    return `expected a virtual size from 0 to 2⁵³ − 1 bytes, found ${virtualSize}`;
  }
  if (blockCountOf(header) > MOST_BLOCKS) {
    return `expected at most ${MOST_BLOCKS} blocks, found ${blockCountOf(header)}; choose a larger block size`;
  }
  if (!Number.isInteger(dataBlocks) || dataBlocks < 0 || dataBlocks > blockCountOf(header)) {
    return `expected at most ${blockCountOf(header)} rows for a disk of ${virtualSize} bytes, found ${dataBlocks}`;
  }
  return undefined;
}

/** Returns whether a value can be the version of a hasher. */
export function isVersion(version: unknown): version is string {
  return typeof version === 'string' && version !== '' && version.length <= LONGEST_VERSION;
}

function isBlockSize(size: number): boolean {
  return Number.isInteger(size) && size >= SMALLEST_BLOCK && size <= LARGEST_BLOCK && (size & (size - 1)) === 0;
}

/** Returns the number of blocks of a disk, including zero blocks and a partial last block. */
export function blockCountOf(header: Pick<HashVectorHeader, 'blockSize' | 'virtualSize'>): number {
  return Math.ceil(header.virtualSize / header.blockSize);
}

/**
 * Checks that block numbers ascend strictly, from above `previous` (−1 at the beginning) to below `blockCount`.
 * Returns a problem as `expected …, found …`; `undefined` if there is none.
 */
export function problemOfBlocks(blocks: Uint32Array, previous: number, blockCount: number): string | undefined {
  let last = previous;
  for (let row = 0; row < blocks.length; row += 1) {
    const block = blocks[row] as number;
    if (block <= last) {
      return `expected block numbers in ascending order, found ${block} after ${last}`;
    }
    last = block;
  }
  return last < blockCount ? undefined : `expected block numbers below ${blockCount}, found ${last}`;
}
