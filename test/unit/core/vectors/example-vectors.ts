import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HashVector, type HashVectorHeader, hashVectorOf, type ImageIdentity } from '@virt-similarity/core';

export const IDENTITY: ImageIdentity = {
  chain: [
    {
      format: 'qcow2',
      parts: [
        {
          kind: 'file',
          path: '/images/top.qcow2',
          device: 2049n,
          inode: 18446744073709551615n,
          size: 196_608n,
          mtimeNs: 1_700_000_000_123_456_789n,
          ctimeNs: -1n,
        },
      ],
    },
    {
      format: 'raw',
      parts: [
        { kind: 'file', path: '/images/base "x".raw', device: 1n, inode: 7n, size: 65_536n, mtimeNs: 0n, ctimeNs: 5n },
      ],
    },
  ],
};

/** Returns a vector of blocks 0, 3, 6, … with digests derived from the block number. */
export function exampleVector(rows: number, changes: Partial<Omit<HashVectorHeader, 'dataBlocks'>> = {}): HashVector {
  const digestLength = changes.digestLength ?? 32;
  const blocks = Uint32Array.from({ length: rows }, (_, row) => row * 3);
  const digests = new Uint8Array(rows * digestLength);
  for (const [row, block] of blocks.entries()) {
    const digest = createHash('sha512').update(`block ${block}`).digest().subarray(0, digestLength);
    digests.set(digest, row * digestLength);
  }
  const header = {
    name: 'disk.qcow2',
    algorithm: 'sha256',
    hasherVersion: '1',
    digestLength,
    blockSize: 65_536,
    virtualSize: rows * 3 * 65_536 + 1,
    ...changes,
  };
  return hashVectorOf(header, blocks, digests);
}

/** Returns all rows of a vector, concatenated, and its header. */
export async function contentOf(vector: HashVector) {
  const blocks: number[] = [];
  const digests: Uint8Array[] = [];
  for await (const rows of vector.rows()) {
    blocks.push(...rows.blocks);
    digests.push(Uint8Array.from(rows.digests));
  }
  const { rows, storage, ...header } = vector;
  return { header, blocks, digests: Buffer.concat(digests).toString('hex') };
}

/** Calls `use` with a temporary directory. */
export async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'hash-vectors-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}
