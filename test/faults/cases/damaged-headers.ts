import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import type { ConvertOptions, WritableFormat } from '../../fixtures/qemu-images.js';
import { runTool } from '../../fixtures/run-tool.js';
import { readReport } from '../../harness/json-report.js';
import { FORMAT_READERS } from '../../harness/readers.js';
import { expectContent } from '../expect-content.js';
import type { FaultCase } from '../fault-case.js';
import { DISK_BYTES, writeConverted } from '../inputs/converted-image.js';
import { be64, type Patches, patch } from '../inputs/patch.js';
import { createQcow2, QCOW2_FIELDS, writeGuest } from '../inputs/qcow2.js';
import { flatDescriptor } from '../inputs/vmdk.js';
import type { Stage } from '../stage.js';

const NO_BYTES = be64(0n);
/** The positions of fields in a qcow2 header, from qemu's docs/interop/qcow2.txt. */
const FIELDS = {
  ...QCOW2_FIELDS,
  refcountClusters: 56,
  snapshots: 60,
  snapshotOffset: 64,
  refcountOrder: 96,
  compressionType: 104,
  firstExtension: 112,
};

/** Corruptions of the header of a qcow2 image with data. qemu refuses each of them. */
const QCOW2_DAMAGE: Readonly<Record<string, Patches>> = {
  'l1-inside-a-cluster': { [FIELDS.l1Offset]: be64(0x30200n) },
  'no-refcount-table': { [FIELDS.refcountClusters]: be32(0) },
  'refcounts-inside-a-cluster': { [FIELDS.refcountOffset]: be64(0x10200n) },
  'refcounts-too-large': { [FIELDS.refcountOrder]: be32(7) },
  'too-many-snapshots': { [FIELDS.snapshots]: be32(65_537) },
  'snapshots-inside-a-cluster': { [FIELDS.snapshotOffset]: be64(512n) },
  'snapshots-past-the-end': { [FIELDS.snapshots]: be32(1), [FIELDS.snapshotOffset]: be64(1n << 32n) },
  'compression-without-feature': { [FIELDS.compressionType]: Buffer.of(1) },
  'extension-too-long': { [FIELDS.firstExtension]: be32(0x6803_f857, 0x0001_0000) },
  'encryption-of-nothing': { [FIELDS.firstExtension]: be32(0x0537_be77, 16) },
};

function be32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value, 4 * index);
  });
  return bytes;
}

/** Writes an image with data, and corrupts it. */
async function damaged(
  stage: Stage,
  name: string,
  format: WritableFormat,
  patches: Patches,
  options?: ConvertOptions,
): Promise<string> {
  const image = await writeConverted(stage, name, format, options);
  await patch(image, patches);
  return image;
}

/**
 * Images with damaged headers, some of which make their disks seem empty, and VMDK descriptors that name other images.
 */
export const DAMAGED_HEADERS: readonly FaultCase[] = [
  {
    number: 110,
    title: 'rejects a qcow2 header that qemu refuses, also in a backing file',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const images: string[] = [];
      for (const [name, patches] of Object.entries(QCOW2_DAMAGE)) {
        images.push(await damaged(stage, `${name}.qcow2`, 'qcow2', patches));
      }
      images.push(await withDamagedBitmap(stage));
      const overlay = stage.image('overlay.qcow2');
      await createQcow2(overlay, { backing: 'l1-inside-a-cluster.qcow2', backingFormat: 'qcow2', size: '2M' });
      return stage.trial([...images, overlay], { errors: images.length + 1 });
    },
  },
  {
    number: 111,
    title: 'rejects a header that states 0 bytes, where qemu rejects it',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const images = [
        await damaged(stage, 'size.vhdx', 'vhdx', { 3211272: NO_BYTES }),
        await damaged(stage, 'table.qed', 'qed', { 40: Buffer.of(0, 2), 48: NO_BYTES }),
        await damaged(stage, 'clusters.qed', 'qed', { 4: Buffer.of(1), 48: NO_BYTES }),
        await damaged(stage, 'sectors.vdi', 'vdi', { 360: Buffer.of(1), 368: NO_BYTES }),
        await damaged(stage, 'version.hdd', 'parallels', { 16: Buffer.of(1), 36: NO_BYTES }),
      ];
      const qcow = stage.image('size.qcow');
      await runTool('qemu-img', ['create', '-q', '-f', 'qcow', qcow, '2M']);
      await patch(qcow, { 24: NO_BYTES });
      return stage.trial([...images, qcow], { errors: images.length + 1 });
    },
  },
  {
    number: 112,
    title: 'reads the extents beside a link to a VMDK descriptor, not beside the target',
    readers: FORMAT_READERS,
    exit: 0,
    build: async (stage) => {
      await mkdir(stage.image('links'));
      const content = deterministicBytes('beside the link', DISK_BYTES);
      await writeFile(stage.image('disk-flat.vmdk'), deterministicBytes('beside the descriptor', DISK_BYTES));
      await writeFile(stage.image('links/disk-flat.vmdk'), content);
      await writeFile(stage.image('disk.vmdk'), flatDescriptor('disk-flat.vmdk', DISK_BYTES / 512));
      const link = stage.image('links/disk.vmdk');
      await symlink('../disk.vmdk', link);
      // For the overlay, the link is a backing file, which must be in an allowed tree.
      const overlay = stage.image('links/overlay.qcow2');
      await createQcow2(overlay, { backing: 'disk.vmdk', backingFormat: 'vmdk', size: '2M' });
      return {
        ...stage.trial([link, overlay], { options: ['--allow-backing', stage.image('')] }),
        check: async () => {
          await expectContent(stage.output('disk.vmdk.arrow'), content);
          await expectContent(stage.output('overlay.qcow2.arrow'), content);
        },
      };
    },
  },
  {
    number: 113,
    title: 'reads images that unusable VMDK descriptors in their directory list as parts',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const pool = stage.image('pool');
      await mkdir(pool);
      const valid = ['a.raw', 'b.raw', 'c.raw', 'd.raw'];
      for (const name of valid) {
        await writeFile(join(pool, name), deterministicBytes(name, DISK_BYTES));
      }
      await copyFile(join(pool, 'a.raw'), join(pool, 'whole-flat.vmdk'));
      const sectors = DISK_BYTES / 512;
      const tracked = `${flatDescriptor('whole-flat.vmdk', sectors).toString('latin1')}changeTrackPath="a.raw"\n`;
      await writeFile(join(pool, 'whole.vmdk'), tracked);
      const unusable = {
        'short.vmdk': flatDescriptor('b.raw', sectors + 1),
        'missing.vmdk': `${flatDescriptor('c.raw', sectors).toString('latin1')}RW 1 FLAT "none.raw" 0\n`,
        'odd.vmdk': `${flatDescriptor('d.raw', sectors).toString('latin1')}RW none FLAT "none.raw" 0\n`,
      };
      for (const [name, text] of Object.entries(unusable)) {
        await writeFile(join(pool, name), text);
      }
      return {
        commands: [stage.analyze([pool], { exit: 3, errors: 3 })],
        check: async ([end]) => {
          const { images = [], failures = [] } = readReport(end!) ?? {};
          const names = images.slice(2).map(({ path }) => basename(path));
          assert.deepEqual(names.toSorted(), [...valid, 'whole.vmdk']);
          assert.deepEqual(failures.map(({ path }) => basename(path)).toSorted(), Object.keys(unusable).toSorted());
        },
      };
    },
  },
];

/** Writes an image with a bitmap of an invalid granularity. */
async function withDamagedBitmap(stage: Stage): Promise<string> {
  const image = stage.image('bitmap.qcow2');
  await createQcow2(image);
  await writeGuest(image, [5, 0, '64k']);
  await runTool('qemu-img', ['bitmap', '--add', image, 'daily']);
  const bytes = await readFile(image);
  const entry = bytes.lastIndexOf('daily') - 24;
  await patch(image, { [entry + 17]: Buffer.of(64) });
  return image;
}
