import { mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { deflateSync, gzipSync } from 'node:zlib';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { runTool } from '../../fixtures/run-tool.js';
import { FORMAT_READERS, READERS } from '../../harness/readers.js';
import type { FaultCase } from '../fault-case.js';
import { DISK_BYTES, writeConverted } from '../inputs/converted-image.js';
import { patch, writeRawDisk } from '../inputs/patch.js';
import { createQcow2 } from '../inputs/qcow2.js';
import { flatDescriptor } from '../inputs/vmdk.js';
import type { Stage } from '../stage.js';

const FOOTER_BYTES = 512;

async function writeOverlay(stage: Stage, name: string, backing: string): Promise<string> {
  await createQcow2(stage.image(name), { backing });
  return stage.image(name);
}

async function writeDescriptor(stage: Stage, name: string, text: Buffer): Promise<string> {
  await writeFile(stage.image(name), text);
  return stage.image(name);
}

/**
 * Files that headers refer to, compressed files and archives, VMDK descriptors, and fixed VHDs with hostile content.
 */
export const REFERENCED_FILES: readonly FaultCase[] = [
  {
    number: 80,
    title: 'refuses hidden backing files and extents, and those in subdirectories',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      await stage.secret('../images/.secret');
      await mkdir(stage.image('below'));
      await stage.secret('../images/below/secret');
      const images = [
        await writeOverlay(stage, 'hidden.qcow2', '.secret'),
        await writeOverlay(stage, 'below.qcow2', 'below/secret'),
        await writeDescriptor(stage, 'hidden.vmdk', flatDescriptor('.secret', 1)),
        await writeDescriptor(stage, 'below.vmdk', flatDescriptor('below/secret', 1)),
      ];
      return stage.trial(images, { errors: images.length });
    },
  },
  {
    number: 81,
    title: 'refuses backing files and extents that are symbolic links to other files',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      await symlink(await stage.secret('secret'), stage.image('base.raw'));
      const images = [
        await writeOverlay(stage, 'top.qcow2', 'base.raw'),
        await writeDescriptor(stage, 'top.vmdk', flatDescriptor('base.raw', 1)),
      ];
      return stage.trial(images, { errors: images.length });
    },
  },
  {
    number: 82,
    title: 'refuses zlib, tar, compressed disks named .raw, and one part of a disk',
    readers: READERS,
    exit: 4,
    build: async (stage) => {
      const disk = deterministicBytes('packed', 256 * 1024);
      await writeFile(stage.image('disk.bin'), disk);
      const tar = stage.image('tar.img');
      await runTool('tar', ['-cf', tar, '-C', stage.image(''), 'disk.bin']);
      const zlib = deflateSync(disk);
      const packed = { 'disk.raw.zz': zlib, 'zlib.img': zlib, 'zlib.raw': zlib, 'gzip.raw': gzipSync(disk) };
      const others = { 'vm.box': deflateSync(await readFile(tar)) };
      const images = [tar];
      for (const [name, content] of Object.entries({ ...packed, ...others, 'disk.vmdk.000000001': disk })) {
        await writeFile(stage.image(name), content);
        images.push(stage.image(name));
      }
      return stage.trial(images, { errors: images.length });
    },
  },
  {
    number: 83,
    title: 'rejects a vmdk whose parent was written to after the snapshot',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const base = await writeConverted(stage, 'base.vmdk', 'vmdk', { creation: { subformat: 'monolithicSparse' } });
      const top = stage.image('top.vmdk');
      await runTool('qemu-img', ['create', '-q', '-f', 'vmdk', '-F', 'vmdk', '-b', base, top]);
      await runTool('qemu-io', ['-f', 'vmdk', '-c', 'write -P 1 0 64k', base]);
      return stage.trial([top]);
    },
  },
  {
    number: 84,
    title: 'refuses vmdk descriptors that the inspector does not understand completely',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      await writeFile(stage.image('flat.bin'), deterministicBytes('flat', DISK_BYTES));
      const valid = flatDescriptor('flat.bin').toString('latin1');
      const texts = [
        valid.replace('\nRW', '\nrw 256 FLAT "flat.bin" 256\nRW'),
        valid.replace('\nCID=', '\nCID=00000001\nCID='),
        valid.replace('monolithicFlat', 'partitionedDevice'),
        valid.replace('\nRW', '\nRDONLY 256 FLAT "flat.bin" 256\nRW'),
      ];
      const names = texts.map((_, index) => `${index}.vmdk`);
      const images = await Promise.all(
        texts.map((text, index) => writeDescriptor(stage, names[index]!, Buffer.from(text, 'latin1'))),
      );
      return stage.trial(images, { errors: images.length });
    },
  },
  {
    number: 85,
    title: 'refuses a fixed vpc whose guest wrote a dynamic vpc to its beginning',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      // The dynamic image contains no data, so that it fits. Its disk would read as zeros.
      const dynamic = stage.image('dynamic.vhd');
      const size = ['-o', 'subformat=dynamic,force_size=on', dynamic, String(DISK_BYTES)];
      await runTool('qemu-img', ['create', '-q', '-f', 'vpc', ...size]);
      const fixed = await writeConverted(stage, 'fixed.vhd', 'vpc', {
        creation: { subformat: 'fixed', force_size: 'on' },
      });
      await patch(fixed, { 0: await readFile(dynamic) });
      return stage.trial([fixed]);
    },
  },
  {
    number: 86,
    title: 'rejects a fixed vpc that is shorter than its footer states',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const whole = await writeConverted(stage, 'whole.vhd', 'vpc', {
        creation: { subformat: 'fixed', force_size: 'on' },
      });
      const footer = (await readFile(whole)).subarray(-FOOTER_BYTES);
      const cut = stage.image('cut.vhd');
      await writeRawDisk(cut, deterministicBytes('content', DISK_BYTES / 2), DISK_BYTES / 2);
      await patch(cut, { [DISK_BYTES / 2]: footer });
      await truncate(cut, DISK_BYTES / 2 + FOOTER_BYTES);
      return stage.trial([cut]);
    },
  },
];
