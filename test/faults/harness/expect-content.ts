import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { openHashVector } from '@virt-similarity/core';

const BLOCK = 65_536;

/** Requires that a hash vector is that of a content: SHA-256 of blocks of 64 KiB, those of zeros left out. */
export async function expectContent(vectorPath: string, content: Buffer): Promise<void> {
  const vector = await openHashVector(vectorPath);
  const found: string[] = [];
  for await (const { blocks, digests } of vector.rows()) {
    blocks.forEach((block, row) => {
      const digest = digests.subarray(row * vector.digestLength, (row + 1) * vector.digestLength);
      found.push(`${block} ${Buffer.from(digest).toString('hex')}`);
    });
  }
  assert.equal(vector.virtualSize, content.length, `virtual size of ${vectorPath}`);
  assert.deepEqual(found, rowsOf(content), `blocks of ${vectorPath}`);
}

function rowsOf(content: Buffer): string[] {
  const rows: string[] = [];
  for (let start = 0; start < content.length; start += BLOCK) {
    const block = Buffer.alloc(BLOCK);
    content.copy(block, 0, start);
    if (block.some((byte) => byte !== 0)) {
      rows.push(`${start / BLOCK} ${createHash('sha256').update(block).digest('hex')}`);
    }
  }
  return rows;
}
