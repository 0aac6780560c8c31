import { mkdtemp, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Extent, type HashVector, type ImageIdentity, stampOf } from '@virt-similarity/core';
import { MemoryDiskImage } from '@virt-similarity/testing';
import fc from 'fast-check';
import { hashImage } from '#core/hashing/hash-image.js';
import { HashingPool } from '#core/hashing/hashing-pool.js';
import { ChecksumHasher, ExitingHasher, FailingHasher, referenceTo } from '../../../../fixtures/checksum-plugin.js';

const MIB = 1024 * 1024;

let directory: string;
let pool: HashingPool;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hash-image-'));
  pool = new HashingPool({ name: 'checksum', hasher: new ChecksumHasher(), reference: referenceTo('checksum') }, 2);
});

afterEach(async () => {
  await pool.close();
  await rm(directory, { recursive: true });
});

describe('hashImage', () => {
  test('hashes every non-zero block and omits zero blocks', async () => {
    const bytes = new Uint8Array(3 * 512 + 10);
    bytes[512] = 7;
    bytes[3 * 512 + 9] = 255;
    const vector = await hashImage(new MemoryDiskImage(bytes), pool, { name: 'disk', blockSize: 512 });
    expect(vector).toMatchObject({ name: 'disk', algorithm: 'checksum', digestLength: 4, blockSize: 512 });
    expect(vector).toMatchObject({ virtualSize: 1546, dataBlocks: 2 });
    expect(await rowsOf(vector)).toEqual([
      [1, 7],
      [3, 255],
    ]);
  });

  test('returns the same rows as hashing block by block, wherever the bytes are stored', async () => {
    const file = join(directory, 'layer');
    const runs = fc.array(
      fc.record({
        where: fc.constantFrom('hole', 'file', 'image'),
        length: fc.integer({ min: 1, max: 5000 }),
        byte: fc.integer({ min: 0, max: 2 }),
      }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(runs, fc.constantFrom(512, 1024, 4096), async (parts, blockSize) => {
        const { bytes, extents } = diskOf(parts);
        await writeFile(file, bytes);
        const image = new MemoryDiskImage(bytes, extents, await identityOf(file));
        const vector = await hashImage(image, pool, { name: 'disk', blockSize });
        expect(await rowsOf(vector)).toEqual(checksumsOf(bytes, blockSize));
      }),
      { numRuns: 40 },
    );
  });

  test('hashes several tasks of one image in order', async () => {
    const bytes = Uint8Array.from({ length: 17 * MIB + 3 }, (_, index) => (index >> 14) & 255);
    const vector = await hashImage(new MemoryDiskImage(bytes), pool, { name: 'disk', blockSize: 65_536 });
    expect(await rowsOf(vector)).toEqual(checksumsOf(bytes, 65_536));
  });

  test('accepts blocks larger than the usual read', async () => {
    const bytes = Uint8Array.from({ length: 3 * MIB }, (_, index) => index & 1);
    const vector = await hashImage(new MemoryDiskImage(bytes), pool, { name: 'disk', blockSize: 2 * MIB });
    expect(await rowsOf(vector)).toEqual(checksumsOf(bytes, 2 * MIB));
  });

  test('runs a hasher in the main thread if threads cannot import it', async () => {
    const here = new HashingPool({ name: 'checksum', hasher: new ChecksumHasher() }, 2);
    const vector = await hashImage(new MemoryDiskImage(Uint8Array.of(5)), here, { name: 'disk', blockSize: 512 });
    expect(await rowsOf(vector)).toEqual([[0, 5]]);
  });

  test('returns an empty vector for a disk of 0 bytes', async () => {
    const vector = await hashImage(new MemoryDiskImage(new Uint8Array(0)), pool, { name: 'disk', blockSize: 512 });
    expect([vector.dataBlocks, await rowsOf(vector)]).toEqual([0, []]);
  });

  test('reports the number of bytes to read, and the bytes hashed', async () => {
    const { bytes, extents } = diskOf([
      { where: 'image', length: 700, byte: 1 },
      { where: 'hole', length: 9000, byte: 0 },
      { where: 'image', length: 20, byte: 1 },
    ]);
    const reported: number[] = [];
    let announced = 0;
    await hashImage(new MemoryDiskImage(bytes, extents), pool, {
      name: 'disk',
      blockSize: 512,
      onStart: (total) => {
        announced = total;
      },
      onBytes: (count) => reported.push(count),
    });
    expect([announced, reported.reduce((sum, count) => sum + count, 0)]).toEqual([720, 720]);
  });

  test('uses blocks of 64 KiB and the path of the top layer as the name by default', async () => {
    const image = new MemoryDiskImage(new Uint8Array(0), [], await identityOf(directory));
    expect(await hashImage(image, pool)).toMatchObject({ name: directory, blockSize: 65_536 });
  });

  test.each([
    [1000, 512, 'power of two'],
    [512, 512 * 2 ** 32 + 1, 'choose a larger block size'],
  ])('refuses blocks of %d bytes for a disk of %d bytes before it reads', async (blockSize, virtualSize, text) => {
    const image = Object.assign(new MemoryDiskImage(new Uint8Array(0)), { virtualSize });
    await expect(hashImage(image, pool, { name: 'd', blockSize })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(text),
    });
  });

  test('refuses a file that was replaced after it was identified', async () => {
    const file = join(directory, 'layer');
    await writeFile(file, new Uint8Array(512).fill(1));
    const image = storedImage(512, await identityOf(file));
    await writeFile(join(directory, 'other'), new Uint8Array(512).fill(2));
    await rename(join(directory, 'other'), file);
    await expect(hashImage(image, pool, { name: 'd', blockSize: 512 })).rejects.toMatchObject({ code: 'changed' });
  });

  test('refuses a file that was truncated after it was identified', async () => {
    const file = join(directory, 'layer');
    await writeFile(file, new Uint8Array(2048).fill(1));
    const image = storedImage(2048, await identityOf(file));
    await truncate(file, 600);
    await expect(hashImage(image, pool, { name: 'd', blockSize: 512 })).rejects.toMatchObject({ code: 'changed' });
  });

  test('refuses a file that was written to after it was identified, unless it is volatile', async () => {
    const file = join(directory, 'layer');
    await writeFile(file, new Uint8Array(512).fill(1));
    const { chain } = await identityOf(file);
    await writeFile(file, new Uint8Array(512).fill(2));
    await utimes(file, 0, 0);
    const hash = (identity: ImageIdentity) =>
      hashImage(storedImage(512, identity), pool, { name: 'd', blockSize: 512 });
    await expect(hash({ chain })).rejects.toMatchObject({
      code: 'changed',
      message: expect.stringContaining('was written to or replaced'),
    });
    const volatile = chain.map((link) => ({ ...link, volatile: true as const }));
    expect(await rowsOf(await hash({ chain: volatile }))).toHaveLength(1);
  });

  test("rethrows the image's own error", async () => {
    const image = new MemoryDiskImage(new Uint8Array(512).fill(1));
    image.read = () => Promise.reject(new Error('the disk is on fire'));
    await expect(hashImage(image, pool, { name: 'd', blockSize: 512 })).rejects.toThrow('the disk is on fire');
  });

  test.each([
    ['in a thread', referenceTo('failing')],
    ['in the main thread', undefined],
  ])('reports which hasher failed %s', async (_, reference) => {
    const failing = new HashingPool({ name: 'failing', hasher: new FailingHasher(), reference }, 1);
    const image = new MemoryDiskImage(new Uint8Array(512).fill(1));
    const failure = { code: 'plugin', message: '[failing] the hasher failed: out of sorts' };
    await expect(hashImage(image, failing, { name: 'd', blockSize: 512 })).rejects.toMatchObject(failure);
    await failing.close();
  });

  test('ends when it is interrupted', async () => {
    const stop = new AbortController();
    const image = new MemoryDiskImage(new Uint8Array(64 * MIB).fill(1));
    const hashing = hashImage(image, pool, {
      name: 'd',
      blockSize: 65_536,
      signal: stop.signal,
      onBytes: () => stop.abort(),
    });
    await expect(hashing).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('HashingPool', () => {
  test('can be closed repeatedly while its threads start, and then refuses tasks', async () => {
    const hashing = hashImage(new MemoryDiskImage(Uint8Array.of(1)), pool);
    const aborted = expect(hashing).rejects.toMatchObject({ code: 'aborted', message: 'the hashing pool is closed' });
    await Promise.all([aborted, pool.close(), pool.close()]);
    const again = hashImage(new MemoryDiskImage(Uint8Array.of(1)), pool);
    await expect(again).rejects.toMatchObject({ code: 'aborted', message: 'the hashing pool is closed' });
  });

  test('blames a hasher that ends its thread', async () => {
    const exiting = new HashingPool(
      { name: 'exiting', hasher: new ExitingHasher(), reference: referenceTo('exiting') },
      1,
    );
    await expect(hashImage(new MemoryDiskImage(Uint8Array.of(1)), exiting)).rejects.toMatchObject({
      code: 'plugin',
      message: '[exiting] the hasher ended its thread: exit status 9',
    });
    await exiting.close();
  });
});

interface Part {
  readonly where: 'hole' | 'file' | 'image';
  readonly length: number;
  readonly byte: number;
}

function diskOf(parts: readonly Part[]): { bytes: Uint8Array; extents: Extent[] } {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  const extents: Extent[] = [];
  let start = 0;
  for (const { where, length, byte } of parts) {
    if (where === 'hole') {
      extents.push({ kind: 'zero', start, length });
    } else if (where === 'image') {
      extents.push({ kind: 'data', start, length });
    } else {
      extents.push({ kind: 'data', start, length, stored: { file: 0, offset: start } });
    }
    if (where !== 'hole') {
      bytes.fill(byte, start, start + length);
    }
    start += length;
  }
  return { bytes, extents };
}

function storedImage(length: number, identity: ImageIdentity): MemoryDiskImage {
  const extents: Extent[] = [{ kind: 'data', start: 0, length, stored: { file: 0, offset: 0 } }];
  return new MemoryDiskImage(new Uint8Array(length), extents, identity);
}

async function identityOf(path: string): Promise<ImageIdentity> {
  return { chain: [{ format: 'raw', parts: [stampOf(path, await stat(path, { bigint: true }))] }] };
}

/** Returns the block number and checksum of every row. */
async function rowsOf(vector: HashVector): Promise<[number, number][]> {
  const rows: [number, number][] = [];
  for await (const { blocks, digests } of vector.rows()) {
    const view = new DataView(digests.buffer, digests.byteOffset, digests.byteLength);
    for (const [index, block] of blocks.entries()) {
      rows.push([block, view.getUint32(index * 4, true)]);
    }
  }
  return rows;
}

function checksumsOf(bytes: Uint8Array, blockSize: number): [number, number][] {
  const rows: [number, number][] = [];
  for (let start = 0; start < bytes.length; start += blockSize) {
    const sum = bytes.subarray(start, start + blockSize).reduce((total, byte) => total + byte, 0);
    if (sum > 0) {
      rows.push([start / blockSize, sum]);
    }
  }
  return rows;
}
