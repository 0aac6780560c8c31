import { mkdtemp, realpath, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DiskImage } from '@virt-similarity/core';
import { QemuReader } from '@virt-similarity/readers';
import { openImage } from '../fixtures/open-image.js';
import { markVhdxLog, setVhdxSectors } from '../fixtures/vhdx-image.js';
import {
  contentByExtents,
  contentByReads,
  convertedContent,
  diskContent,
  extentsOf,
  makeImage,
  runTestTool,
} from './qemu-images.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const reader = new QemuReader();
let directory: string;
const at = (name: string) => join(directory, name);

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-vhdx-')));
});

afterEach(() => rm(directory, { recursive: true }));

async function withImage<T>(path: string, use: (image: DiskImage) => Promise<T>): Promise<T> {
  const image = await openImage(reader, { path }, { allowedDirectories: [directory] });
  try {
    return await use(image);
  } finally {
    await image.close();
  }
}

async function expectContent(path: string, expected: Buffer): Promise<void> {
  await withImage(path, async (image) => {
    expect(image.virtualSize).toBe(expected.length);
    expect((await contentByExtents(image)).equals(expected)).toBe(true);
    expect((await contentByReads(image)).equals(expected)).toBe(true);
  });
}

async function create(name: string, size: string, blockSize: string, ...writes: readonly string[]): Promise<string> {
  await runTestTool('qemu-img', 'create', '-q', '-f', 'vhdx', '-o', `block_size=${blockSize}`, at(name), size);
  const commands = writes.flatMap((command) => ['-c', command]);
  await runTestTool('qemu-io', '-f', 'vhdx', ...commands, at(name));
  return at(name);
}

/** Returns the positions and lengths of data, and requires all of it to be stored verbatim in the file. */
function dataOf(path: string): Promise<[start: number, length: number][]> {
  return withImage(path, async (image) => {
    const data = (await extentsOf(image)).filter(({ kind }) => kind === 'data');
    expect(data.every((extent) => 'stored' in extent)).toBe(true);
    return data.map(({ start, length }) => [start, length]);
  });
}

describe('a vhdx', () => {
  test.each(['1M', '2M', '8M', '32M', '256M'])('with blocks of %s reads as qemu-img converts it', async (blockSize) => {
    const writes = ['write -P 7 511k 3k', 'write -P 8 33M 1536', 'write -P 9 6143k 2050k', 'write -z 35M 2M'];
    const path = await create('disk.vhdx', '41M', blockSize, ...writes, 'write -P 10 41983k 1k');
    await expectContent(path, await convertedContent(path, 'vhdx'));
  });

  test.each(['dynamic', 'fixed'])('of the kind %s reads as qemu-img converts it', async (subformat) => {
    await makeImage(at('disk.vhdx'), 'vhdx', diskContent(), '-o', `subformat=${subformat}`);
    await expectContent(at('disk.vhdx'), await convertedContent(at('disk.vhdx'), 'vhdx'));
  });

  test('has its data where it was written, also after many bitmap entries of the block map', async () => {
    // With blocks of 1 MiB, the block map has a bitmap entry after every 4,096 blocks.
    const writes = [0, 4, 16, 63].map((gibibytes) => `write -P 7 ${gibibytes * GIB + 5 * MIB - 512} 1024`);
    const path = await create('disk.vhdx', '64G', '1M', ...writes);
    const data = await dataOf(path);
    expect(data.reduce((sum, [, length]) => sum + length, 0)).toBeLessThanOrEqual(8 * MIB);
    await withImage(path, async (image) => {
      for (const gibibytes of [0, 4, 16, 63]) {
        const position = gibibytes * GIB + 5 * MIB - 512;
        expect(data.some(([start, length]) => start <= position && position + 1024 <= start + length)).toBe(true);
        const found = Buffer.alloc(2048, 1);
        await image.read(found, position - 512);
        const expected = Buffer.concat([Buffer.alloc(512), Buffer.alloc(1024, 7), Buffer.alloc(512)]);
        expect(found.equals(expected)).toBe(true);
      }
    });
  });

  test("of Hyper-V's default size has data only in the blocks that were written", async () => {
    const path = await create('disk.vhdx', '127G', '32M', 'write -P 7 100G 1M');
    const data = await dataOf(path);
    expect(data.reduce((sum, [, length]) => sum + length, 0)).toBeLessThanOrEqual(32 * MIB);
  });

  test('can be the base of a qcow2 overlay', async () => {
    const base = await create('base.vhdx', '40M', '1M', 'write -P 7 3M 3M');
    await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'vhdx', '-b', base, at('top.qcow2'), '48M');
    await runTestTool('qemu-io', '-f', 'qcow2', '-c', 'write -P 8 4M 64k', '-c', 'write -z 5M 64k', at('top.qcow2'));
    await expectContent(at('top.qcow2'), await convertedContent(at('top.qcow2'), 'qcow2'));
  });

  test('that is truncated within a block is corrupt', async () => {
    const path = await create('disk.vhdx', '40M', '1M', 'write -P 7 3M 3M');
    await truncate(path, (await stat(path)).size - 4096);
    await expect(dataOf(path)).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('with a log that qemu may ignore is read by qemu', async () => {
    const path = await create('disk.vhdx', '8M', '1M', 'write -P 7 3M 3M');
    await markVhdxLog(path);
    const expected = await convertedContent(path, 'vhdx');
    await withImage(path, async (image) => {
      expect((await contentByExtents(image)).equals(expected)).toBe(true);
      expect((await extentsOf(image)).every((extent) => !('stored' in extent))).toBe(true);
    });
  });
});

describe('a vhdx with sectors of 4 KiB', () => {
  test('is read correctly, although qemu does not open it', async () => {
    const content = Buffer.concat([diskContent(), Buffer.alloc(2560, 1)]);
    await makeImage(at('disk.vhdx'), 'vhdx', content, '-o', 'block_size=1M');
    await setVhdxSectors(at('disk.vhdx'), 4096);
    await expect(convertedContent(at('disk.vhdx'), 'vhdx')).rejects.toThrow(/Operation not supported/);
    await expectContent(at('disk.vhdx'), content);
  });

  test('and a log is refused, because only qemu could read it', async () => {
    await makeImage(at('disk.vhdx'), 'vhdx', Buffer.alloc(8 * MIB, 1), '-o', 'block_size=1M');
    await setVhdxSectors(at('disk.vhdx'), 4096);
    await markVhdxLog(at('disk.vhdx'));
    await expect(dataOf(at('disk.vhdx'))).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/Operation not supported; convert the image with the program that made it$/),
    });
  });
});
