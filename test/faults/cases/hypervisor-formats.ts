import { copyFile, mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { seSparseExtent, writeEsxiDisk } from '../../fixtures/esxi-disk.js';
import { parallelsDescriptor } from '../../fixtures/parallels-bundle.js';
import { runTool } from '../../fixtures/run-tool.js';
import { FORMAT_READERS } from '../../harness/readers.js';
import type { FaultCase } from '../fault-case.js';
import { DISK_BYTES, writeConverted } from '../inputs/converted-image.js';
import { type Patches, patch } from '../inputs/patch.js';
import type { Stage } from '../stage.js';

const MIB = 2 ** 20;
/** Seconds after which a run counts as hung. Runs with an appliance, which starts slowly, have a longer limit. */
const SECONDS = 20;

/** The positions of the structures of a VHDX that qemu-img makes, from Microsoft's "VHDX Format Specification". */
const VHDX = {
  headers: [64 * 1024, 128 * 1024],
  regions: [192 * 1024, 256 * 1024],
  blockMap: 2 * MIB,
  metadata: 3 * MIB,
};
/** The state of a block that is in the file. */
const PRESENT = 6n;

/** The positions of fields and tables in a seSparse extent with one grain table. */
const SE_SPARSE = { version: 8, volatile: 512, replay: 512 + 24, directory: 8 * 512, table: 9 * 512 };

/** The byte offsets of the block size, the number of blocks, and the block map in a Parallels image. */
const PARALLELS = { sectorsPerBlock: 28, blocks: 32, blockMap: 64 };

function le32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value, 4 * index);
  });
  return bytes;
}

function le64(...values: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, index) => {
    bytes.writeBigUInt64LE(value, 8 * index);
  });
  return bytes;
}

/** Writes a VHDX with blocks of 1 MiB and patches it. */
async function vhdx(stage: Stage, name: string, patches: Patches): Promise<string> {
  const image = await writeConverted(stage, `${name}.vhdx`, 'vhdx', { creation: { block_size: '1M' } });
  await patch(image, patches);
  return image;
}

/** Writes a seSparse disk of one grain table and patches its extent. */
async function seSparse(stage: Stage, name: string, patches: Patches, diskBytes = DISK_BYTES): Promise<string> {
  const extent = seSparseExtent(diskBytes, [{ at: 0, content: deterministicBytes('grains', 64 * 1024) }]);
  const path = await writeEsxiDisk(stage.image(''), { name, kind: 'SESPARSE', extent, diskBytes, cid: '00000001' });
  await patch(stage.image(`${name}-sesparse.vmdk`), patches);
  return path;
}

/** Writes a Parallels image and patches it. */
async function parallels(stage: Stage, name: string, patches: Patches): Promise<string> {
  const image = await writeConverted(stage, `${name}.hds`, 'parallels');
  await patch(image, patches);
  return image;
}

/** Images of Hyper-V, ESXi and Parallels whose tables or neighbours are damaged or hostile. */
export const HYPERVISOR_FORMATS: readonly FaultCase[] = [
  {
    number: 150,
    title: 'rejects a vhdx with damaged headers, tables or blocks',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const cut = await vhdx(stage, 'cut', {});
      await truncate(cut, 4 * MIB + 4096);
      const images = [
        await vhdx(stage, 'no-header', { [VHDX.headers[0]!]: Buffer.alloc(8), [VHDX.headers[1]!]: Buffer.alloc(8) }),
        await vhdx(stage, 'no-regions', { [VHDX.regions[0]!]: Buffer.alloc(8), [VHDX.regions[1]!]: Buffer.alloc(8) }),
        await vhdx(stage, 'no-metadata', { [VHDX.metadata]: Buffer.alloc(8) }),
        await vhdx(stage, 'block-beyond', { [VHDX.blockMap]: le64((1n << 40n) | PRESENT) }),
        await vhdx(stage, 'block-in-header', { [VHDX.blockMap]: le64(PRESENT) }),
        await vhdx(stage, 'partly-present', { [VHDX.blockMap]: le64((4n << 20n) | 7n) }),
        cut,
      ];
      return stage.trial(images, { errors: images.length });
    },
  },
  {
    number: 151,
    title: 'stops at a vhdx whose entries all refer to one block',
    readers: FORMAT_READERS,
    exit: 7,
    build: async (stage) => {
      const image = stage.image('bomb.vhdx');
      await runTool('qemu-img', ['create', '-q', '-f', 'vhdx', '-o', 'block_size=1M', image, '100G']);
      const content = await readFile(image);
      const end = BigInt(Math.ceil(content.length / MIB));
      const entries = Array<bigint>(100 * 1024 + Math.floor((100 * 1024) / 4096)).fill((end << 20n) | PRESENT);
      await patch(image, { [VHDX.blockMap]: le64(...entries), [Number(end) * MIB]: Buffer.alloc(MIB, 7) });
      return stage.trial([image], { seconds: stage.reader === 'libguestfs' ? 600 : SECONDS });
    },
  },
  {
    number: 152,
    title: 'rejects a seSparse disk with damaged tables or grains',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const images = [
        await seSparse(stage, 'no-volatile-header', { [SE_SPARSE.volatile]: Buffer.alloc(8) }),
        await seSparse(stage, 'table-beyond', { [SE_SPARSE.directory]: le64((1n << 60n) | 0xffffn) }),
        await seSparse(stage, 'table-flags', { [SE_SPARSE.directory]: le64(1n << 61n) }),
        await seSparse(stage, 'grain-beyond', { [SE_SPARSE.table]: le64((3n << 60n) | 0xffffn) }),
        await seSparse(stage, 'empty', { 16: le64(0n) }),
      ];
      return stage.trial(images, { errors: images.length });
    },
  },
  {
    number: 153,
    title: 'refuses a seSparse disk with another version, other flags, or a journal',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const images = [
        await seSparse(stage, 'version', { [SE_SPARSE.version]: le64(0x2_0000_0002n) }),
        await seSparse(stage, 'journal', { [SE_SPARSE.replay]: le64(1n) }),
        await seSparse(stage, 'flags', { 40: le64(1n) }),
      ];
      return stage.trial(images, { errors: images.length });
    },
  },
  {
    number: 154,
    title: 'stops at a seSparse disk whose entries all refer to one table and grain',
    readers: FORMAT_READERS,
    exit: 7,
    build: async (stage) => {
      const diskBytes = 1024 * 16 * MIB;
      const directory = Array<bigint>(1024).fill(1n << 60n);
      const extent = seSparseExtent(diskBytes, [{ at: 0, content: deterministicBytes('grain', 4096) }]);
      const table = SE_SPARSE.directory + 8 * 1024;
      const image = await writeEsxiDisk(stage.image(''), {
        name: 'bomb',
        kind: 'SESPARSE',
        extent,
        diskBytes,
        cid: '00000001',
      });
      await patch(stage.image('bomb-sesparse.vmdk'), {
        [SE_SPARSE.directory]: le64(...directory),
        [table]: le64(...Array<bigint>(4096).fill(3n << 60n)),
      });
      return stage.trial([image], { seconds: stage.reader === 'libguestfs' ? 600 : SECONDS });
    },
  },
  {
    number: 155,
    title: 'rejects a Parallels image with damaged tables or blocks',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const cut = await parallels(stage, 'cut', {});
      await truncate(cut, MIB + 4096);
      const images = [
        await parallels(stage, 'no-block-size', { [PARALLELS.sectorsPerBlock]: le32(0) }),
        await parallels(stage, 'few-blocks', { [PARALLELS.blocks]: le32(1) }),
        await parallels(stage, 'map-beyond', { [PARALLELS.blocks]: le32(0x1fff_ffff) }),
        await parallels(stage, 'block-beyond', { [PARALLELS.blockMap]: le32(0x7fff_ffff) }),
        cut,
      ];
      return stage.trial(images, { errors: images.length });
    },
  },
  {
    number: 156,
    title: 'refuses a Parallels image whose descriptor is hostile, special, or lists other images',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const source = await writeConverted(stage, 'whole.parallels', 'parallels');
      const secret = await stage.secret('secret.xml');
      const bundle = async (name: string, write: (descriptor: string) => Promise<unknown>) => {
        const image = join(stage.image(name), `${basename(name, '.hdd')}.hds`);
        await mkdir(stage.image(name));
        await copyFile(source, image);
        await write(join(stage.image(name), 'DiskDescriptor.xml'));
        return image;
      };
      const images = [
        await bundle('snapshots.hdd', (path) => writeFile(path, parallelsDescriptor(['snapshots.hds', 'other.hds']))),
        await bundle('split.hdd', (path) => writeFile(path, parallelsDescriptor(['split.hds'], ['two.hds']))),
        await bundle('outside.hdd', (path) => writeFile(path, parallelsDescriptor([secret]))),
        await bundle('link.hdd', (path) => symlink(secret, path)),
        await bundle('fifo.hdd', (path) => runTool('mkfifo', [path])),
        await bundle('directory.hdd', (path) => mkdir(path)),
        await bundle('many.hdd', (path) => writeFile(path, `<Storage>${'<File>x</File>'.repeat(60_000)}</Storage>`)),
      ];
      return stage.trial(images, { errors: images.length });
    },
  },
];
