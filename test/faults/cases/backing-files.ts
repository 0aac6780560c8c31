import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { convertedContent } from '../../fixtures/brute-force.js';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { FORMAT_READERS } from '../../harness/readers.js';
import { expectContent } from '../expect-content.js';
import type { FaultCase } from '../fault-case.js';
import { createQcow2, writeGuest } from '../inputs/qcow2.js';
import type { Stage } from '../stage.js';

/** Returns a case of an overlay whose header names a backing file that must not be opened. */
function refused(number: number, title: string, nameOf: (stage: Stage) => Promise<string>): FaultCase {
  return {
    number,
    title: `backing file: refuses ${title}`,
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const overlay = stage.image('overlay.qcow2');
      await createQcow2(overlay, { backing: await nameOf(stage) });
      return stage.trial([overlay]);
    },
  };
}

/** Overlays with hostile, missing and valid backing files, loops, and chains that are too long. */
export const BACKING_FILES: readonly FaultCase[] = [
  refused(5, 'an absolute path in another directory', (stage) => stage.secret('secret')),
  refused(6, 'a path that leaves the directory through ..', async (stage) => {
    await stage.secret('secret');
    return '../secrets/secret';
  }),
  refused(
    7,
    'json:',
    async (stage) => `json:{"driver":"raw","file":{"driver":"file","filename":"${await stage.secret('secret')}"}}`,
  ),
  refused(8, 'nbd:', async (stage) => `nbd://127.0.0.1:${(await stage.server()).port}/export`),
  refused(9, 'http:', async (stage) => `http://127.0.0.1:${(await stage.server()).port}/disk.raw`),
  refused(10, 'fat:', async (stage) => {
    await stage.secret('secret');
    return `fat:${stage.root}/secrets`;
  }),
  refused(11, 'blkdebug:', async (stage) => `blkdebug::${await stage.secret('secret')}`),
  {
    number: 12,
    title: 'backing file: reports that it is missing',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const overlay = stage.image('overlay.qcow2');
      await createQcow2(overlay, { backing: 'missing.raw' });
      return stage.trial([overlay]);
    },
  },
  {
    number: 13,
    title: 'backing file: reads a file beside the overlay, as qemu-img convert does',
    readers: FORMAT_READERS,
    exit: 0,
    build: async (stage) => {
      const overlay = stage.image('overlay.qcow2');
      await writeFile(stage.image('base.raw'), deterministicBytes('base', 1024 * 1024));
      await createQcow2(overlay, { backing: 'base.raw' });
      await writeGuest(overlay, [9, 131_072, '192k']);
      return {
        ...stage.trial([overlay]),
        check: async () => {
          const content = await convertedContent({ path: overlay, format: 'qcow2' });
          await expectContent(stage.output('overlay.qcow2.arrow'), content);
        },
      };
    },
  },
  {
    number: 14,
    title: 'backing file: refuses the image itself, without an endless loop',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const image = stage.image('self.qcow2');
      await createQcow2(image, { backing: 'self.qcow2', backingFormat: 'qcow2' });
      return stage.trial([image], { within: 20 });
    },
  },
  {
    number: 15,
    title: 'backing file: refuses two images that name each other, without an endless loop',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      await createQcow2(stage.image('one.qcow2'), { backing: 'two.qcow2', backingFormat: 'qcow2' });
      await createQcow2(stage.image('two.qcow2'), { backing: 'one.qcow2', backingFormat: 'qcow2' });
      return stage.trial([stage.image('one.qcow2')], { within: 20 });
    },
  },
  {
    number: 16,
    title: 'refuses chains of 65 and of 1,500 layers',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => stage.trial([await writeChain(stage, 65), await writeChain(stage, 1500)], { errors: 2 }),
  },
];

/**
 * Writes a chain of `layers` images, and returns the path of the top image. All images from the third on are copies of
 * the second, in which the name of the backing file is replaced.
 */
async function writeChain(stage: Stage, layers: number): Promise<string> {
  const directory = stage.image(`chain-${layers}`);
  const nameOf = (layer: number) => `layer-${String(layer).padStart(4, '0')}.qcow2`;
  await mkdir(directory);
  await createQcow2(`${directory}/${nameOf(0)}`, { creation: 'cluster_size=512' });
  const first = `${directory}/${nameOf(1)}`;
  await createQcow2(first, { backing: nameOf(0), backingFormat: 'qcow2', creation: 'cluster_size=512' });
  const overlay = await readFile(first);
  const position = overlay.indexOf(nameOf(0));
  for (let layer = 2; layer < layers; layer += 1) {
    overlay.write(nameOf(layer - 1), position);
    await writeFile(`${directory}/${nameOf(layer)}`, overlay);
  }
  return `${directory}/${nameOf(layers - 1)}`;
}
