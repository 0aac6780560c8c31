import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { openHashVector } from '@virt-similarity/core';
import { type Digests, digestsIn } from '../harness/vector-digests.js';

const BLOCK = 65_536;

/** Requires that a hash-vector file has the digests (SHA-256) of a disk's blocks of 64 KiB, without blocks of zeros. */
export async function expectContent(vectorPath: string, content: Buffer): Promise<void> {
  const vector = await openHashVector(vectorPath);
  assert.equal(vector.virtualSize, content.length, `virtual size of ${vectorPath}`);
  assert.deepEqual(await digestsIn(vector), digestsOf(content), `blocks of ${vectorPath}`);
}

function digestsOf(content: Buffer): Digests {
  return Array.from({ length: Math.ceil(content.length / BLOCK) }, (_, index) => {
    const block = Buffer.alloc(BLOCK);
    content.copy(block, 0, index * BLOCK);
    return block.some((byte) => byte !== 0) ? createHash('sha256').update(block).digest('hex') : undefined;
  });
}
