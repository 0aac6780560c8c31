import type { HashVector } from '@virt-similarity/core';
import { throwIfAborted } from '@virt-similarity/core/errors';

/** Different blocks by how often they occur, as `zdb -S` groups them. */
export interface OccurrenceBucket {
  /** The lowest number of occurrences in this bucket, a power of two; the highest is less than twice that. */
  readonly occurrences: number;
  /** The number of different blocks. */
  readonly distinct: number;
  /** The number of their occurrences. */
  readonly blocks: number;
}

/** How often the non-zero blocks of some images occur, wherever they are. */
export interface ContentCounts {
  /** The block size in bytes. */
  readonly blockSize: number;
  /** The number of non-zero blocks. */
  readonly blocks: number;
  /** The number of different non-zero blocks. */
  readonly distinct: number;
  /** Without empty buckets, in ascending order. */
  readonly buckets: readonly OccurrenceBucket[];
}

/**
 * Counts blocks that consist of `factor` consecutive blocks of the vectors. Compares 64 bits of each block: the
 * probability that two different blocks are counted as equal is 2⁻⁶⁴. Memory: 8 bytes for each non-zero block.
 *
 * @param factor a power of two
 * @throws `aborted`, and the errors of reading the vectors.
 */
export async function contentCounts(
  vectors: readonly HashVector[],
  factor: number,
  signal?: AbortSignal | undefined,
): Promise<ContentCounts> {
  const keys = new BigUint64Array(vectors.reduce((sum, { dataBlocks }) => sum + dataBlocks, 0));
  const words = new Uint32Array(keys.buffer);
  let blocks = 0;
  for (const vector of vectors) {
    let group = -1;
    for await (const { blocks: numbers, digests } of vector.rows()) {
      throwIfAborted(signal);
      const values = leadingWords(digests, vector.digestLength);
      for (const [row, number] of numbers.entries()) {
        const place = number % factor;
        if (number - place !== group) {
          group = number - place;
          blocks++;
        }
        const at = 2 * (blocks - 1);
        words[at] = mixed(words[at]! ^ values[2 * row]! ^ mixed(place + 1));
        words[at + 1] = mixed(words[at + 1]! ^ values[2 * row + 1]! ^ words[at]!);
      }
    }
  }
  return { blockSize: factor * (vectors[0]?.blockSize ?? 0), blocks, ...bucketsOf(keys.subarray(0, blocks).sort()) };
}

/** Mixes the bits of a word: the finalizer of MurmurHash3 (Austin Appleby, 2011). */
function mixed(word: number): number {
  let bits = word ^ (word >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

/** Returns two words for each digest: its first 64 bits, or the complete digest if it is shorter. */
function leadingWords(digests: Uint8Array, digestLength: number): Uint32Array {
  const length = Math.min(8, digestLength);
  const values = new Uint8Array((8 * digests.length) / digestLength);
  for (let from = 0, to = 0; from < digests.length; from += digestLength, to += 8) {
    values.set(digests.subarray(from, from + length), to);
  }
  return new Uint32Array(values.buffer);
}

function bucketsOf(sorted: BigUint64Array): Pick<ContentCounts, 'distinct' | 'buckets'> {
  const buckets: { occurrences: number; distinct: number; blocks: number }[] = [];
  let distinct = 0;
  for (let start = 0, end = 0; start < sorted.length; start = end) {
    while (end < sorted.length && sorted[end] === sorted[start]) {
      end++;
    }
    const power = Math.floor(Math.log2(end - start));
    buckets[power] ??= { occurrences: 2 ** power, distinct: 0, blocks: 0 };
    buckets[power].distinct++;
    buckets[power].blocks += end - start;
    distinct++;
  }
  return { distinct, buckets: buckets.filter((bucket) => bucket !== undefined) };
}
