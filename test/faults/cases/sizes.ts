import { truncate, writeFile } from 'node:fs/promises';
import { FORMAT_READERS } from '../../harness/readers.js';
import type { FaultCase } from '../fault-case.js';
import { be64, patch } from '../inputs/patch.js';
import { createQcow2, QCOW2_FIELDS, tablesOf, writeGuest } from '../inputs/qcow2.js';

const BOMB_CLUSTERS = 131_072;

/** Images that claim sizes beyond the limits, and files that are too short for a header. */
export const SIZES: readonly FaultCase[] = [
  {
    number: 23,
    title: 'refuses a disk of 64 PiB',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const image = stage.image('huge.qcow2');
      await createQcow2(image, { size: '64P', creation: 'cluster_size=2M' });
      return stage.trial([image]);
    },
  },
  {
    number: 24,
    title: 'rejects a size of 8 EiB for which the L1 table is too small',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const image = stage.image('forged.qcow2');
      await createQcow2(image);
      await patch(image, { [QCOW2_FIELDS.virtualSize]: be64(2n ** 63n - 512n) });
      return stage.trial([image]);
    },
  },
  {
    number: 25,
    title: 'stops at compression bombs: 256 GiB in one cluster, compressed by zlib or zstd',
    readers: FORMAT_READERS,
    exit: 7,
    build: async (stage) => {
      const images = ['zlib', 'zstd'].map((compression) => stage.image(`${compression}.qcow2`));
      for (const [index, image] of images.entries()) {
        const compression = index === 0 ? 'zlib' : 'zstd';
        await createQcow2(image, { size: '256G', creation: `cluster_size=2M,compression_type=${compression}` });
        await writeGuest(image, [1, 0, '2M'], 'compressed');
        const { l2, firstEntry } = await tablesOf(image);
        const entries = Buffer.alloc(BOMB_CLUSTERS * firstEntry.length, firstEntry);
        await patch(image, { [l2]: entries });
      }
      const alone = images.map((image) => stage.hash([image]));
      return { commands: [...alone, stage.analyze(images, { errors: images.length })] };
    },
  },
  {
    number: 26,
    title: 'rejects an empty file with the extension .qcow2',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const image = stage.image('empty.qcow2');
      await writeFile(image, '');
      return stage.trial([image]);
    },
  },
  {
    number: 27,
    title: 'rejects a qcow2 of 60 bytes, which are only a part of its header',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const image = stage.image('short.qcow2');
      await createQcow2(image);
      await truncate(image, 60);
      return stage.trial([image]);
    },
  },
];
