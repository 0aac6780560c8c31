import { readFile } from 'node:fs/promises';
import { expectContent } from '../harness/expect-content.js';
import { type FaultCase, READERS } from '../harness/fault-case.js';
import type { Stage } from '../harness/stage.js';
import { createLuks } from '../inputs/luks.js';
import { writeRawDisk } from '../inputs/patch.js';
import { createQcow2 } from '../inputs/qcow2.js';
import { flatDescriptor } from '../inputs/vmdk.js';

const DISK_BYTES = 4 * 1024 * 1024;

/** A raw disk whose guest wrote a qcow2 header over its beginning, which names a file of the host's. */
async function writeQcow2Disguise(stage: Stage): Promise<string> {
  const disk = stage.image('disk.img');
  await createQcow2(disk, { backing: await stage.secret('secret') });
  await writeRawDisk(disk, await readFile(disk), DISK_BYTES);
  return disk;
}

/** Raw disks that bear the header of another format. */
export const AMBIGUOUS_FORMATS: readonly FaultCase[] = [
  {
    number: 1,
    title: 'raw disk holding a qcow2 header with a backing file',
    readers: READERS,
    exit: 4,
    build: async (stage) => stage.trial([await writeQcow2Disguise(stage)]),
  },
  {
    number: 2,
    title: 'raw disk holding a vmdk header with an extent',
    readers: READERS,
    exit: 4,
    build: async (stage) => {
      const [small, large] = [stage.image('small.img'), stage.image('large.img')];
      const head = flatDescriptor(await stage.secret('secret'));
      await writeRawDisk(small, head, 65_536);
      await writeRawDisk(large, head, DISK_BYTES);
      return stage.trial([small, large], { errors: 2 });
    },
  },
  {
    number: 3,
    title: 'raw disk holding a LUKS header: read as raw',
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
    title: 'the first with --format raw: its own bytes',
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      const disk = await writeQcow2Disguise(stage);
      return {
        ...stage.trial([disk], { options: ['--format', 'raw'] }),
        check: async () => expectContent(stage.output('disk.img.arrow'), await readFile(disk)),
      };
    },
  },
];
