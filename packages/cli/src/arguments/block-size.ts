import { parseByteCount } from './byte-count.js';

const SMALLEST_BLOCK_SIZE = 512;
const LARGEST_BLOCK_SIZE = 16 * 1024 * 1024;

/** Bytes of a block, written as `parseByteCount` takes it; `undefined` if that is no power of two from 512 to 16 MiB. */
export function parseBlockSize(text: string): number | undefined {
  const size = parseByteCount(text) ?? 0;
  const isPowerOfTwo = Number.isInteger(Math.log2(size));
  return isPowerOfTwo && size >= SMALLEST_BLOCK_SIZE && size <= LARGEST_BLOCK_SIZE ? size : undefined;
}
