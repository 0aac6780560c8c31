import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HashVectorCache, writeHashVector } from '@virt-similarity/core';
import { RawReader } from '@virt-similarity/readers';
import { makeEmptyDisks } from './disks.mjs';
import { familyVector } from './family-vectors.mjs';
import { SyntheticHasher } from './synthetic-plugin.mjs';

const BLOCK_SIZE = 65_536;
const FAMILIES = 20;

/** Arrow files of `count` vectors of `blocks` blocks, three tenths of them zeros. Returns their paths. */
export async function vectorFiles({ data }, count, blocks) {
  const { name: algorithm, digestLength } = new SyntheticHasher();
  const shape = { families: FAMILIES, blocks, data: 0.7, digestLength };
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
      await store.store(familyVector(shape, index, { name: disk, algorithm: 'sha256', identity }));
    }
  });
  return { disks, cache };
}
