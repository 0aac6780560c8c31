import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type AnalyzeOptions, createAnalyzer, VirtSimilarityError } from '@virt-similarity/core';
import { MemoryDisksPlugin } from '@virt-similarity/testing';
import checksums from '../../../../fixtures/checksum-plugin.js';

const OPTIONS: AnalyzeOptions = { hasher: 'checksum', blockSize: 512, jobs: 2 };

let cache: string;

beforeEach(async () => {
  cache = join(await mkdtemp(join(tmpdir(), 'linked-clones-')), 'cache');
});

afterEach(async () => {
  await rm(join(cache, '..'), { recursive: true });
});

/**
 * Returns four disks of eight blocks: `base`, the overlays `web` and `mail`, which use `base` as their backing file,
 * and the overlay `web-2`, which uses `web` as its backing file. Each overlay changes one block of its backing file.
 */
function clones(): MemoryDisksPlugin {
  const disks = new MemoryDisksPlugin({
    'memory:base': disk(1, 2, 3, 4, 5, 6, 7, 8),
    'memory:web': disk(1, 2, 3, 4, 5, 6, 7, 91),
    'memory:mail': disk(1, 2, 3, 4, 5, 6, 92, 8),
    'memory:web-2': disk(93, 2, 3, 4, 5, 6, 7, 91),
  });
  disks.layOver('memory:web', 'memory:base');
  disks.layOver('memory:mail', 'memory:base');
  disks.layOver('memory:web-2', 'memory:web');
  return disks;
}

function disk(...blocks: number[]): Uint8Array {
  return Uint8Array.from({ length: blocks.length * 512 }, (_, index) => blocks[index >> 9]!);
}

/** Returns the number of blocks that were read from each image. */
function blocksRead({ read }: MemoryDisksPlugin): Record<string, number> {
  return Object.fromEntries([...read].map(([path, bytes]) => [path.replace('memory:', ''), bytes / 512]));
}

async function distances(disks: MemoryDisksPlugin, images: string[], options: AnalyzeOptions = {}): Promise<number[]> {
  const analyzer = createAnalyzer({ plugins: [checksums, disks] });
  const analysis = await analyzer.analyze(
    images.map((name) => `memory:${name}`),
    { ...OPTIONS, ...options },
  );
  return [...analysis.distances.values];
}

describe('overlays', () => {
  test('are read without inherited blocks, and their base is read once', async () => {
    const disks = clones();
    expect(await distances(disks, ['web', 'mail', 'web-2'])).toEqual([2, 1, 3]);
    expect(blocksRead(disks)).toEqual({ base: 8, web: 1, mail: 1, 'web-2': 1 });
  });

  test('share one read of their base if the base is also one of the images, in any order', async () => {
    for (const images of [
      ['base', 'web', 'mail'],
      ['web', 'mail', 'base'],
    ]) {
      const disks = clones();
      await distances(disks, images);
      expect(blocksRead(disks)).toEqual({ base: 8, web: 1, mail: 1 });
    }
  });

  test('are read completely if no other image needs their base', async () => {
    const others = new MemoryDisksPlugin({
      'memory:base': disk(1, 2),
      'memory:web': disk(1, 3),
      'memory:other': disk(4, 5),
    });
    others.layOver('memory:web', 'memory:base');
    expect(await distances(others, ['web', 'other'])).toEqual([2]);
    expect(blocksRead(others)).toEqual({ web: 2, other: 2 });
  });

  test('use the vector of their base from the cache', async () => {
    const disks = clones();
    await distances(disks, ['base', 'mail'], { cache });
    disks.read.clear();
    expect(await distances(disks, ['base', 'web-2'], { cache })).toEqual([2]);
    expect(blocksRead(disks)).toEqual({ web: 1, 'web-2': 1 });
  });

  test('are read again if their base has changed', async () => {
    const disks = clones();
    await distances(disks, ['base', 'web'], { cache });
    disks.read.clear();
    disks.touch('memory:base');
    await distances(disks, ['base', 'web'], { cache });
    expect(blocksRead(disks)).toEqual({ base: 8, web: 1 });
  });

  test('do not use the vector of a volatile base', async () => {
    const disks = clones();
    disks.makeVolatile('memory:base');
    expect(await distances(disks, ['web', 'mail'])).toEqual([2]);
    expect(blocksRead(disks)).toEqual({ web: 8, mail: 8 });
  });

  test('are compared correctly even if their base cannot be opened', async () => {
    const disks = new MemoryDisksPlugin({
      'memory:base': new VirtSimilarityError('unreadable', 'no'),
      'memory:web': disk(1, 2),
      'memory:mail': disk(1, 3),
    });
    disks.layOver('memory:web', 'memory:base');
    disks.layOver('memory:mail', 'memory:base');
    expect(await distances(disks, ['web', 'mail'])).toEqual([1]);
  });
});
