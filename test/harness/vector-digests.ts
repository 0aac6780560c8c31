import type { HashVector } from '@virt-similarity/core';

/** The digests of the blocks of a disk, by block number, in hexadecimal; `undefined` for blocks of zeros. */
export type Digests = readonly (string | undefined)[];

/** Returns the digests in a hash vector. */
export async function digestsIn(vector: HashVector): Promise<Digests> {
  const found: (string | undefined)[] = Array(Math.ceil(vector.virtualSize / vector.blockSize)).fill(undefined);
  for await (const { blocks, digests } of vector.rows()) {
    blocks.forEach((block, row) => {
      const digest = digests.subarray(row * vector.digestLength, (row + 1) * vector.digestLength);
      found[block] = Buffer.from(digest).toString('hex');
    });
  }
  return found;
}
