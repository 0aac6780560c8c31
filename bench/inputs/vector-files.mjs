import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HashVectorCache, writeHashVector } from '@virt-similarity/core';
import { RawReader } from '@virt-similarity/readers';
import { makeEmptyDisks } from './disks.mjs';
import { familyContents, familyVector } from './family-vectors.mjs';

const BLOCK_SIZE = 65_536;
const FAMILIES = 20;

/** Of which part of a disk's blocks is data. */
const DATA = 0.7;

/** Arrow files of `count` vectors of `blocks` blocks, with digests as long as the hasher's. Returns their paths. */
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
 * Arrow files of `count` vectors with SHA-256 digests, of disks of different sizes, from `fewestBlocks` to `mostBlocks`.
 * Returns their paths.
 */
export async function unequalVectorFiles({ data }, count, { fewestBlocks, mostBlocks }) {
  const pathOf = (path, index) => join(path, `guest-${String(index).padStart(5, '0')}.arrow`);
  const directory = await data.ready(`unequal-vectors-${count}`, async (path) => {
    await mkdir(path);
    for (let index = 0; index < count; index++) {
      // A prime far from both: neighbours in a family differ in size.
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

/** What the blocks of the first `count` of these disks hold, as int32, disk after disk. Returns the file's path. */
export function labelFile({ data }, count, blocks) {
  return data.ready(`labels-${count}-${blocks}`, async (path) => {
    const shape = { families: FAMILIES, blocks, data: DATA };
    const disks = Array.from({ length: count }, (_, index) => Buffer.from(familyContents(shape, index).buffer));
    await writeFile(path, Buffer.concat(disks));
  });
}

/**
 * A cache that has the SHA-256 vector of every one of `sizes.cached` raw disks, a fifth of them data.
 * The disks are holes: their vectors are what a family of guests would have. Returns the two directories.
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
