import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HashVectorCache, writeHashVector } from '@virt-similarity/core';
import { RawReader } from '@virt-similarity/readers';
import { makeEmptyDisks } from './disks.mjs';
import { familyContents, familyVector } from './family-vectors.mjs';

const BLOCK_SIZE = 65_536;
const FAMILIES = 20;

/** The approximate fraction of a disk's blocks that are data. */
const DATA = 0.7;

/**
 * Builds Arrow files of `count` vectors of `blocks` blocks, with digests of the hasher's length. Returns their paths.
 */
export async function vectorFiles({ data }, { name: algorithm, digestLength }, count, blocks) {
  const shape = { families: FAMILIES, blocks, data: DATA, digestLength };
  const nameOf = (index) => `guest-${String(index).padStart(5, '0')}.arrow`;
  const directory = await data.ready(`vectors-${count}-${blocks}`, async (path) => {
    await mkdir(path);
    for (let index = 0; index < count; index++) {
      await writeHashVector(familyVector(shape, index, { name: nameOf(index), algorithm }), join(path, nameOf(index)));
    }
  });
  return Array.from({ length: count }, (_, index) => join(directory, nameOf(index)));
}

/**
 * Builds Arrow files of `count` vectors with SHA-256 digests, of disks with `fewestBlocks` to `mostBlocks` blocks.
 * Returns their paths.
 */
export async function unequalVectorFiles({ data }, count, { fewestBlocks, mostBlocks }) {
  const pathOf = (path, index) => join(path, `guest-${String(index).padStart(5, '0')}.arrow`);
  const directory = await data.ready(`unequal-vectors-${count}`, async (path) => {
    await mkdir(path);
    for (let index = 0; index < count; index++) {
      // A prime, so that successive disks of a family differ in size.
      const blocks = fewestBlocks + ((index * 7919) % (mostBlocks - fewestBlocks + 1));
      const shape = { families: FAMILIES, blocks, data: DATA, digestLength: 32 };
      await writeHashVector(
        familyVector(shape, index, { name: `guest-${index}`, algorithm: 'sha256' }),
        pathOf(path, index),
      );
    }
  });
  return Array.from({ length: count }, (_, index) => pathOf(directory, index));
}

/**
 * Builds a file of the block contents of the first `count` disks of `vectorFiles`, as int32, disk by disk. Returns its
 * path.
 */
export function labelFile({ data }, count, blocks) {
  return data.ready(`labels-${count}-${blocks}`, async (path) => {
    const shape = { families: FAMILIES, blocks, data: DATA };
    const disks = Array.from({ length: count }, (_, index) => Buffer.from(familyContents(shape, index).buffer));
    await writeFile(path, Buffer.concat(disks));
  });
}

/**
 * Builds `sizes.cached` raw disks and a cache with a SHA-256 vector for each. Each disk is a single hole, but its
 * vector is that of a guest in a family, in which about a fifth of the blocks are data. Returns the two directories.
 */
export async function cachedGuests({ sizes, data }) {
  const shape = { families: FAMILIES, blocks: sizes.cachedDisk / BLOCK_SIZE, data: 0.2, digestLength: 32 };
  const disks = await data.ready('cached-disks', (path) => makeEmptyDisks(path, sizes.cached, sizes.cachedDisk));
  const cache = await data.ready('cached-vectors', async (path) => {
    const store = new HashVectorCache(path);
    const reader = new RawReader();
    for (let index = 0; index < sizes.cached; index++) {
      const disk = join(disks, `guest-${String(index + 1).padStart(4, '0')}.raw`);
      const identity = await reader.identify({ path: disk }, { allowedDirectories: [] });
      await store.store(familyVector(shape, index, { name: disk, algorithm: 'sha256', hasherVersion: '1', identity }));
    }
  });
  return { disks, cache };
}
