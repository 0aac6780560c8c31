const SMALLEST_BLOCK_SIZE = 512;
const LARGEST_BLOCK_SIZE = 16 * 1024 * 1024;

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 * 1024 };

/**
 * Bytes of a block, from `4096`, `64K`, `64KiB` or `1M`, in either case;
 * `undefined` if that is no power of two from 512 to 16 MiB.
 */
export function parseBlockSize(text: string): number | undefined {
  const match = /^([1-9]\d{0,8})(?:([KM])(?:iB)?)?$/i.exec(text);
  if (match === null) {
    return undefined;
  }
  const size = Number(match[1]) * (UNITS[(match[2] ?? '').toUpperCase()] ?? 1);
  const isPowerOfTwo = Number.isInteger(Math.log2(size));
  return isPowerOfTwo && size >= SMALLEST_BLOCK_SIZE && size <= LARGEST_BLOCK_SIZE ? size : undefined;
}
