import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Extent, HashVector } from '@virt-similarity/core';
import { MemoryDiskImage } from '@virt-similarity/testing';
import fc from 'fast-check';
import { hashImage } from '#core/hashing/hash-image.js';
import { HashingPool } from '#core/hashing/hashing-pool.js';
import { inheritedRanges } from '#core/hashing/inherited-blocks.js';
import { ChecksumHasher } from '../../../fixtures/checksum-plugin.js';

const BLOCK = 512;

let pool: HashingPool;

beforeAll(() => {
  pool = new HashingPool({ name: 'checksum', hasher: new ChecksumHasher() }, 1);
});

afterAll(() => pool.close());

describe('inheritedRanges', () => {
  test('includes only blocks that are completely inherited, even in several extents', () => {
    const extents: Extent[] = [
      { kind: 'data', start: 0, length: 100 },
      { kind: 'data', start: 100, length: 900, inherited: true },
      { kind: 'zero', start: 1000, length: 1000, inherited: true },
      { kind: 'zero', start: 2000, length: 60 },
      { kind: 'data', start: 2060, length: 500, inherited: true },
    ];
    expect([...inheritedRanges(extents, BLOCK)]).toEqual([{ first: 1, end: 3 }]);
  });
});

describe('hashImage with the vector of the backing image', () => {
  test('returns the same rows as without that vector, and does not read inherited blocks', async () => {
    const run = fc.record({
      from: fc.constantFrom('own', 'base', 'own zeros'),
      length: fc.integer({ min: 1, max: 3000 }),
      byte: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(run, { maxLength: 20 }), fc.nat(2000), async (runs, excess) => {
        const { base, overlay, extents } = diskOf(runs, excess);
        const baseVector = await hashImage(new MemoryDiskImage(base), pool, { blockSize: BLOCK });
        const image = new MemoryDiskImage(overlay, extents);
        const whole = await hashImage(image, pool, { blockSize: BLOCK });
        image.read = refuseBlocks(image, [...inheritedRanges(extents, BLOCK)]);
        const withBase = await hashImage(image, pool, { blockSize: BLOCK, base: baseVector });
        expect(await rowsOf(withBase)).toEqual(await rowsOf(whole));
        expect(withBase.dataBlocks).toBe(whole.dataBlocks);
      }),
    );
  });

  test('merges rows of a base that come in many batches', async () => {
    const base = Uint8Array.from({ length: 20_000 * BLOCK }, (_, index) => ((index / BLOCK) | 0) & 127);
    const overlay = base.slice();
    const extents: Extent[] = [];
    for (let start = 0; start < base.length; start += 1000 * BLOCK) {
      overlay.fill(255, start, start + BLOCK);
      extents.push({ kind: 'data', start, length: BLOCK });
      extents.push({ kind: 'data', start: start + BLOCK, length: 999 * BLOCK, inherited: true });
    }
    const baseVector = await hashImage(new MemoryDiskImage(base), pool, { blockSize: BLOCK });
    const image = new MemoryDiskImage(overlay, extents);
    const withBase = await hashImage(image, pool, { blockSize: BLOCK, base: baseVector });
    expect(await rowsOf(withBase)).toEqual(await rowsOf(await hashImage(image, pool, { blockSize: BLOCK })));
  });
});

/** Returns a base and an overlay that inherits some runs; the base is `excess` bytes longer than the overlay. */
function diskOf(runs: readonly { from: string; length: number; byte: number }[], excess: number) {
  const size = runs.reduce((sum, { length }) => sum + length, 0);
  const base = new Uint8Array(size + excess).fill(9);
  const overlay = new Uint8Array(size);
  const extents: Extent[] = [];
  let start = 0;
  for (const { from, length, byte } of runs) {
    if (from === 'base') {
      base.fill(byte, start, start + length);
    }
    if (from !== 'own zeros') {
      overlay.fill(byte, start, start + length);
    }
    const kind = from === 'own zeros' || (from === 'base' && byte === 0) ? 'zero' : 'data';
    extents.push({ kind, start, length, ...(from === 'base' && { inherited: true as const }) });
    start += length;
  }
  return { base, overlay, extents };
}

function refuseBlocks(image: MemoryDiskImage, ranges: readonly { first: number; end: number }[]) {
  const read = image.read.bind(image);
  return async (target: Uint8Array, position: number): Promise<void> => {
    for (const { first, end } of ranges) {
      const isOutside = position + target.length <= first * BLOCK || position >= end * BLOCK;
      if (!isOutside) {
        throw new Error(`read ${target.length} inherited bytes at ${position}`);
      }
    }
    await read(target, position);
  };
}

async function rowsOf(vector: HashVector): Promise<[number, string][]> {
  const rows: [number, string][] = [];
  for await (const { blocks, digests } of vector.rows()) {
    for (const [index, block] of blocks.entries()) {
      rows.push([block, Buffer.from(digests.subarray(index * 4, index * 4 + 4)).toString('hex')]);
    }
  }
  return rows;
}
