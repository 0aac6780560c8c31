import { type HashVector, hashVectorOf } from '@virt-similarity/core';

/** The block size in bytes, which is also the cluster size of the plans. */
export const BLOCK = 65_536;

/** Returns a vector in which block i has the digest `content[i]`, a number below 2³²; 0 is a zero block. */
export function numberVector(content: readonly number[], name = 'image'): HashVector {
  const blocks = content.flatMap((digest, block) => (digest === 0 ? [] : [block]));
  const digests = Uint32Array.from(content.filter((digest) => digest !== 0));
  const header = { name, algorithm: 'x', digestLength: 4, blockSize: BLOCK, virtualSize: content.length * BLOCK };
  return hashVectorOf(header, Uint32Array.from(blocks), new Uint8Array(digests.buffer));
}
