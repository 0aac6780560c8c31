import assert from 'node:assert/strict';
import { readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { FORMAT_SAMPLES } from '../../fixtures/format-samples.js';
import { convert } from '../../fixtures/qemu-images.js';
import { FORMAT_READERS } from '../../harness/readers.js';
import type { FaultCase, Trial } from '../fault-case.js';
import { createQcow2, moveL2ToEnd, moveRefcountsToEnd, writeGuest } from '../inputs/qcow2.js';
import type { Stage } from '../stage.js';

const MEBIBYTE = 1024 * 1024;

/** A qcow2 image with data in all of its 1 MiB. */
async function writeFullQcow2(stage: Stage): Promise<string> {
  const image = stage.image('image.qcow2');
  await createQcow2(image);
  await writeGuest(image, [5, 0, '1M']);
  return image;
}

/** A trial of images that are cut short, of which nothing may be written, least of all zeros. */
function cutShort(stage: Stage, images: readonly string[]): Trial {
  return {
    ...stage.trial(images, { errors: images.length }),
    check: async () => {
      const vectors = (await readdir(stage.output(''))).filter((name) => extname(name) === '.arrow');
      assert.deepEqual(vectors, [], 'hash vectors of damaged images');
    },
  };
}

/** Images that end before their data or tables do. */
export const TRUNCATIONS: readonly FaultCase[] = [
  {
    number: 28,
    title: 'cut short in its data, in every format',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const raw = stage.image('content.raw');
      await writeFile(raw, deterministicBytes('cut short', 4 * MEBIBYTE));
      const images: string[] = [];
      // Of a flat image, the descriptor is not where the data are: its extent is cut below.
      for (const { file, format, options } of FORMAT_SAMPLES.filter((sample) => !NOT_CUT.includes(sample.file))) {
        const image = stage.image(file);
        await convert(raw, image, format, options);
        await truncate(image, Math.floor((await stat(image)).size / 2));
        images.push(image);
      }
      const flat = stage.image('flat.vmdk');
      await convert(raw, flat, 'vmdk', { creation: { subformat: 'monolithicFlat' } });
      await truncate(stage.image('flat-flat.vmdk'), 2 * MEBIBYTE);
      await rm(raw);
      return cutShort(stage, [...images, flat]);
    },
  },
  {
    number: 29,
    title: 'cut short in its L2 table, after all data',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const image = await writeFullQcow2(stage);
      await moveL2ToEnd(image);
      await truncate(image, (await stat(image)).size - 32_768);
      return cutShort(stage, [image]);
    },
  },
  {
    number: 30,
    title: 'cut short in its refcounts, after all data',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const image = await writeFullQcow2(stage);
      await moveRefcountsToEnd(image);
      await truncate(image, (await stat(image)).size - 32_768);
      return cutShort(stage, [image]);
    },
  },
];

/** Samples of more than one file, and those whose footer says what they are, so that half of them is a raw disk. */
const NOT_CUT = ['flat.vmdk', 'split.vmdk'];
