import { readFile, writeFile } from 'node:fs/promises';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { createLuks } from '../../fixtures/luks-image.js';
import { READERS } from '../../harness/readers.js';
import { expectContent } from '../expect-content.js';
import type { FaultCase } from '../fault-case.js';
import { writeRawDisk } from '../inputs/patch.js';
import { createQcow2 } from '../inputs/qcow2.js';
import { flatDescriptor } from '../inputs/vmdk.js';
import type { Stage } from '../stage.js';

const DISK_BYTES = 4 * 1024 * 1024;

/** Writes a raw disk whose guest overwrote the beginning with a qcow2 header that names `backing`. Returns its path. */
async function writeQcow2Disguise(stage: Stage, name: string, backing: string): Promise<string> {
  const disk = stage.image(name);
  await createQcow2(disk, { backing });
  await writeRawDisk(disk, await readFile(disk), DISK_BYTES);
  return disk;
}

/** Writes another user's disk to the directory of the images, where backing files are allowed. Returns its name. */
async function writeNeighbour(stage: Stage): Promise<string> {
  await writeFile(stage.image('neighbour.raw'), deterministicBytes('neighbour', DISK_BYTES));
  return 'neighbour.raw';
}

/** Raw disks that begin with the header of another format. */
export const AMBIGUOUS_FORMATS: readonly FaultCase[] = [
  {
    number: 1,
    title: 'refuses a raw .img that begins with a qcow2 header with a backing file',
    readers: READERS,
    exit: 4,
    build: async (stage) => {
      const outside = await writeQcow2Disguise(stage, 'outside.img', await stage.secret('secret'));
      const beside = await writeQcow2Disguise(stage, 'beside.img', await writeNeighbour(stage));
      return stage.trial([outside, beside], { errors: 2 });
    },
  },
  {
    number: 2,
    title: 'refuses a raw .img that begins with a VMDK descriptor with an extent',
    readers: READERS,
    exit: 4,
    build: async (stage) => {
      const [small, large] = [stage.image('small.img'), stage.image('large.img')];
      const head = flatDescriptor(await stage.secret('secret'));
      await writeRawDisk(small, head, 65_536);
      await writeRawDisk(large, head, DISK_BYTES);
      const beside = stage.image('beside.img');
      await writeRawDisk(beside, flatDescriptor(await writeNeighbour(stage)), DISK_BYTES);
      return stage.trial([small, large, beside], { errors: 3 });
    },
  },
  {
    number: 3,
    title: 'hashes the stored bytes of a disk with a LUKS header if no key is given',
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      const disk = stage.image('disk.img');
      await createLuks(disk, 'a passphrase');
      return {
        ...stage.trial([disk]),
        check: async () => expectContent(stage.output('disk.img.arrow'), await readFile(disk)),
      };
    },
  },
  {
    number: 4,
    title: 'reads a disk with a qcow2 header as raw if --format raw is given',
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      const disk = await writeQcow2Disguise(stage, 'disk.img', await stage.secret('secret'));
      return {
        ...stage.trial([disk], { options: ['--format', 'raw'] }),
        check: async () => expectContent(stage.output('disk.img.arrow'), await readFile(disk)),
      };
    },
  },
];
