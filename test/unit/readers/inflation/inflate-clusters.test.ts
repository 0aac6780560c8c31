import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type InflateFailure, inflateClusters, type WantedCluster } from '#readers/inflation/inflate-clusters.js';

const CLUSTER_BYTES = 4096;
const PLAIN = Buffer.from(Uint8Array.from({ length: CLUSTER_BYTES }, (_, index) => index % 251));

async function inflate(
  file: Uint8Array,
  clusters: readonly WantedCluster[],
): Promise<{ failure: InflateFailure | undefined; target: Uint8Array }> {
  const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-inflate-'));
  const path = join(directory, 'a.qcow2');
  await writeFile(path, file);
  const handle = await open(path);
  try {
    const target = new Uint8Array(100).fill(0xaa);
    const failure = inflateClusters({ descriptor: handle.fd, clusterBytes: CLUSTER_BYTES, clusters, target });
    return { failure, target };
  } finally {
    await handle.close();
    await rm(directory, { recursive: true });
  }
}

function whole(storedBytes: number): WantedCluster {
  return { offset: 0, storedBytes, from: 0, length: 100, to: 0 };
}

describe('inflateClusters', () => {
  test('returns the requested bytes, regardless of the bytes after the stream', async () => {
    const stored = deflateRawSync(PLAIN);
    const file = Buffer.concat([Buffer.alloc(10, 1), stored, Buffer.alloc(300, 0xff)]);
    const wanted = { offset: 10, storedBytes: stored.length + 1000, from: 7, length: 20, to: 50 };
    const { failure, target } = await inflate(file, [wanted]);
    expect(failure).toBeUndefined();
    expect(Buffer.from(target.subarray(50, 70))).toEqual(PLAIN.subarray(7, 27));
    expect(target[49]).toBe(0xaa);
    expect(target[70]).toBe(0xaa);
  });

  test.each([
    ['is truncated', deflateRawSync(PLAIN).subarray(0, 100)],
    ['is not a deflate stream', Buffer.alloc(100, 0xff)],
    ['is empty', Buffer.alloc(0)],
    ['has too few bytes', deflateRawSync(PLAIN.subarray(1))],
    ['has too many bytes', deflateRawSync(Buffer.concat([PLAIN, PLAIN]))],
  ])('reports a stream that %s as corrupt, and writes no bytes', async (_, stored) => {
    const { failure, target } = await inflate(stored, [whole(stored.length)]);
    expect(failure).toMatchObject({ code: 'corrupt', offset: 0 });
    expect(target.every((byte) => byte === 0xaa)).toBe(true);
  });

  test('reports a file that cannot be read as unreadable', () => {
    const task = { descriptor: -1, clusterBytes: CLUSTER_BYTES, clusters: [whole(100)], target: new Uint8Array(100) };
    expect(inflateClusters(task)).toMatchObject({ code: 'unreadable' });
  });
});
