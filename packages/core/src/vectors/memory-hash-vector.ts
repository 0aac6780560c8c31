import type { HashVector, HashVectorHeader, HashVectorRows } from '../contracts/hash-vector.js';
import { VirtSimilarityError } from '../errors.js';
import { blockCountOf, problemOfBlocks, problemOfHeader } from './check-header.js';
import { ROWS_PER_BATCH } from './rows-per-batch.js';

/**
 * Creates a hash vector in memory. Uses both arrays without copying them: they must not change afterwards, and may be
 * in shared memory. `rows()` yields views of the arrays.
 *
 * @param header the header without the number of rows, which follows from `blocks`
 * @param blocks numbers of the non-zero blocks, strictly ascending
 * @param digests the digests of these blocks, concatenated: `blocks.length` × `digestLength` bytes
 * @throws `usage` if the header is invalid or does not match the arrays, or if the block numbers do not ascend.
 */
export function hashVectorOf(
  header: Omit<HashVectorHeader, 'dataBlocks'>,
  blocks: Uint32Array,
  digests: Uint8Array,
): HashVector {
  const complete: HashVectorHeader = { ...header, dataBlocks: blocks.length };
  const problem =
    problemOfHeader(complete) ??
    problemOfDigests(complete, digests) ??
    problemOfBlocks(blocks, -1, blockCountOf(complete));
  if (problem !== undefined) {
    throw new VirtSimilarityError('usage', `cannot create the hash vector of ${header.name}: ${problem}`, {
      image: header.name,
    });
  }
  const rows = () => slices(blocks, digests, header.digestLength);
  return { ...complete, storage: { kind: 'memory', blocks, digests }, rows };
}

function problemOfDigests(header: HashVectorHeader, digests: Uint8Array): string | undefined {
  const expected = header.dataBlocks * header.digestLength;
  return digests.length === expected ? undefined : `expected ${expected} bytes of digests, found ${digests.length}`;
}

async function* slices(
  blocks: Uint32Array,
  digests: Uint8Array,
  digestLength: number,
): AsyncGenerator<HashVectorRows, void, undefined> {
  for (let start = 0; start < blocks.length; start += ROWS_PER_BATCH) {
    const end = Math.min(start + ROWS_PER_BATCH, blocks.length);
    yield {
      blocks: blocks.subarray(start, end),
      digests: digests.subarray(start * digestLength, end * digestLength),
    };
  }
}
