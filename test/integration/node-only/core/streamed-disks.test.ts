import { expect, test } from '@jest/globals';
import {
  createAnalyzer,
  type DiskReader,
  type DiskStream,
  type HashOptions,
  type ImageIdentity,
  type Plugin,
} from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import { MemoryDisksPlugin } from '@virt-similarity/testing';
import { deterministicBytes } from '../../../fixtures/deterministic-bytes.js';

const MIB = 2 ** 20;

/**
 * Returns a plugin whose reader opens a disk as a stream. The stream fails once a read exceeds the position `failAt`.
 * `closed` returns the number of closed streams.
 */
function streamOf(content: Uint8Array, failAt = Number.POSITIVE_INFINITY): Plugin & { readonly closed: () => number } {
  const identity: ImageIdentity = { chain: [{ format: 'stream', parts: [], volatile: true }] };
  let closed = 0;
  const reader: DiskReader = {
    identify: async ({ path }) => (path === 'stream:' ? identity : undefined),
    open: async (): Promise<DiskStream> => {
      let position = 0;
      return {
        identity,
        readNext: async (target) => {
          const bytes = content.subarray(position, position + target.length);
          target.set(bytes);
          position += bytes.length;
          if (position > failAt) {
            throw new Error('broken');
          }
          return bytes.length;
        },
        close: async () => {
          closed += 1;
        },
      };
    },
  };
  return { name: 'stream', readers: { stream: reader }, closed: () => closed };
}

async function hashed(plugin: Plugin, path: string, options: HashOptions = {}) {
  for await (const outcome of createAnalyzer({ plugins: [hashers, plugin] }).hash([path], {
    cache: false,
    ...options,
  })) {
    if ('error' in outcome) {
      throw outcome.error;
    }
    const rows: unknown[] = [];
    for await (const { blocks, digests } of outcome.vector.rows()) {
      rows.push([...blocks], Buffer.from(digests).toString('hex'));
    }
    return { virtualSize: outcome.vector.virtualSize, rows };
  }
  throw new Error('no outcome');
}

test.each([0, 1, 65_535, 65_536, 8 * MIB, 8 * MIB + 1, 17 * MIB + 5])(
  'a stream of %d bytes has the hash vector of the same disk',
  async (size) => {
    const content = deterministicBytes('stream', size);
    content.fill(0, Math.floor(size / 4), Math.floor(size / 2));
    for (const blockSize of [65_536, 16 * MIB]) {
      const disk = await hashed(new MemoryDisksPlugin({ 'memory:a': content }), 'memory:a', { blockSize });
      expect(await hashed(streamOf(content), 'stream:', { blockSize })).toEqual(disk);
    }
  },
);

test('a stream is closed after a failure, and its error is reported', async () => {
  const plugin = streamOf(new Uint8Array(20 * MIB), 9 * MIB);
  await expect(hashed(plugin, 'stream:')).rejects.toMatchObject({ message: expect.stringMatching(/broken/) });
  expect(plugin.closed()).toBe(1);
});

test('a stream is refused beyond the largest allowed size', async () => {
  const plugin = streamOf(new Uint8Array(20 * MIB));
  const refusal = { code: 'refused', message: expect.stringMatching(/longer than 10485760 bytes, the limit/) };
  await expect(hashed(plugin, 'stream:', { maxVirtualSize: 10 * MIB })).rejects.toMatchObject(refusal);
  expect((await hashed(plugin, 'stream:', { maxVirtualSize: 20 * MIB })).virtualSize).toBe(20 * MIB);
});

test('a block size that is not a power of two is refused for a stream', async () => {
  const options = { blockSize: 3 };
  await expect(hashed(streamOf(new Uint8Array(9)), 'stream:', options)).rejects.toMatchObject({ code: 'usage' });
});
