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

/** Writes a qcow2 image with 1 MiB of data. */
async function writeFullQcow2(stage: Stage): Promise<string> {
  const image = stage.image('image.qcow2');
  await createQcow2(image);
  await writeGuest(image, [5, 0, '1M']);
  return image;
}

/** Returns a trial of truncated images. Requires that no hash vector of them is written. */
function truncatedTrial(stage: Stage, images: readonly string[]): Trial {
  return {
    ...stage.trial(images, { errors: images.length }),
    check: async () => {
      const vectors = (await readdir(stage.output(''))).filter((name) => extname(name) === '.arrow');
      assert.deepEqual(vectors, [], 'hash vectors of damaged images');
    },
  };
}

/** Images that end before their data or tables. */
export const TRUNCATIONS: readonly FaultCase[] = [
  {
    number: 28,
    title: 'rejects an image whose data is cut off, in every format',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const raw = stage.image('content.raw');
      await writeFile(raw, deterministicBytes('cut short', 4 * MEBIBYTE));
      const images: string[] = [];
      // The data of a flat image are not in its descriptor. Its extent is truncated below.
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
      return truncatedTrial(stage, [...images, flat]);
    },
  },
  {
    number: 29,
    title: 'rejects a qcow2 whose L2 table, after all data, is cut off',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const image = await writeFullQcow2(stage);
      await moveL2ToEnd(image);
      await truncate(image, (await stat(image)).size - 32_768);
      return truncatedTrial(stage, [image]);
    },
  },
  {
    number: 30,
    title: 'rejects a qcow2 whose refcount block, after all data, is cut off',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const image = await writeFullQcow2(stage);
      await moveRefcountsToEnd(image);
      await truncate(image, (await stat(image)).size - 32_768);
      return truncatedTrial(stage, [image]);
    },
  },
];

/** Samples that are not truncated here, because they consist of several files. */
const NOT_CUT = ['flat.vmdk', 'split.vmdk'];
