import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { paxHeader, type TarMember, tarArchive, tarMember } from '../../fixtures/tar-archive.js';
import { readReport } from '../../harness/json-report.js';
import { FORMAT_READERS, READERS } from '../../harness/readers.js';
import type { FaultCase } from '../fault-case.js';
import { writeConverted } from '../inputs/converted-image.js';
import { createQcow2 } from '../inputs/qcow2.js';
import { flatDescriptor } from '../inputs/vmdk.js';
import type { Stage } from '../stage.js';

const CONTENT = deterministicBytes('in an archive', 200_000);
const DISK: TarMember = { name: 'disk.raw', content: CONTENT };
/** Seconds after which a run counts as hung. */
const SECONDS = 10;

/** Writes archives, given by their file names, and returns their paths. */
async function written(stage: Stage, archives: Readonly<Record<string, Buffer>>): Promise<string[]> {
  for (const [name, content] of Object.entries(archives)) {
    await writeFile(stage.image(name), content);
  }
  return Object.keys(archives).map((name) => stage.image(name));
}

/** Archives that are damaged, too large or state false sizes; archives with references, links or hostile names. */
export const ARCHIVES: readonly FaultCase[] = [
  {
    number: 140,
    title: 'rejects archives that are truncated, damaged, or declare false sizes',
    readers: READERS,
    exit: 5,
    build: async (stage) => {
      const whole = tarArchive(DISK, { ...DISK, name: 'other.raw' });
      const second = Buffer.from(whole);
      second.writeUInt8(1, 512 + Math.ceil(CONTENT.length / 512) * 512);
      const images = await written(stage, {
        'cut.ova': tarArchive(DISK).subarray(0, 100_000),
        'header.ova': second,
        'octal.box': tarArchive({ ...DISK, size: '77777777777' }),
        'binary.box': tarArchive({ ...DISK, size: '\x80\0\0\0\0\x0f\xff\xff\xff\xff\xff\xff' }),
        'negative.tar': tarArchive({ ...DISK, size: '\xff'.repeat(12) }),
        'pax.tar': tarArchive(paxHeader({ size: '999999999999999' }), DISK),
        'attributes.tar': tarArchive(paxHeader({ size: '1e9' }), DISK),
      });
      return stage.trial(images, { errors: images.length });
    },
  },
  {
    number: 141,
    title: 'refuses archives with references, links, sparse or repeated files, or 65 disks',
    readers: FORMAT_READERS,
    exit: 4,
    build: async (stage) => {
      const secret = await stage.secret('secret.raw');
      await createQcow2(stage.image('top.bin'), { backing: secret, backingFormat: 'raw', size: '1M' });
      const disks = Array.from({ length: 65 }, (_, index) => ({
        ...DISK,
        name: `${index}.raw`,
        content: Buffer.alloc(1),
      }));
      const link = { name: 'disk.raw', content: Buffer.alloc(0) };
      const images = await written(stage, {
        'backing.ova': tarArchive({ name: 'top.qcow2', content: await readFile(stage.image('top.bin')) }),
        'extent.ova': tarArchive({ name: 'flat.vmdk', content: flatDescriptor(secret, 1) }),
        'links.ova': tarArchive(
          { ...link, type: '1' },
          { ...link, type: '2' },
          { ...link, type: '3' },
          { ...link, type: '6' },
        ),
        'twice.ova': tarArchive(DISK, DISK),
        'sparse.ova': tarArchive({ ...DISK, type: 'S' }),
        'pax-sparse.ova': tarArchive(paxHeader({ 'GNU.sparse.major': '1' }), DISK),
        'disks.ova': tarArchive(...disks),
      });
      return stage.trial(images, { errors: images.length });
    },
  },
  {
    number: 142,
    title: 'refuses an archive of a million files, or with attributes of 1 MiB, within 10 s',
    readers: ['auto', 'raw'],
    exit: 4,
    build: async (stage) => {
      const some = Buffer.concat(Array<Buffer>(1000).fill(tarMember({ name: 'a.raw' })));
      const images = await written(stage, {
        'files.ova': Buffer.concat(Array<Buffer>(1000).fill(some)),
        'attributes.ova': tarArchive(paxHeader({ comment: 'x'.repeat(2 ** 20) }), DISK),
      });
      return stage.trial(images, { errors: images.length, seconds: SECONDS });
    },
  },
  {
    number: 143,
    title: 'reads disks whose names in an archive are paths, options or control characters',
    readers: READERS,
    exit: 0,
    build: async (stage) => {
      const names = [
        '../../disk.img',
        '/dev/other.img',
        '-rf.img',
        'a\u001b[31m\nb.img',
        '$(id).img',
        ' .img',
        '%s.raw',
        'json:{}.img',
      ];
      const images = await written(stage, { 'names.ova': tarArchive(...names.map((name) => ({ ...DISK, name }))) });
      return {
        ...stage.trial(images),
        check: async (ends) => {
          const { images: found = [], distances = [] } = readReport(ends[1]!) ?? {};
          const equal = distances.filter((distance) => distance === 0);
          assert.equal(found.length, names.length + 2);
          assert.equal(equal.length, (names.length * (names.length - 1)) / 2);
        },
      };
    },
  },
  {
    number: 144,
    title: 'rejects a truncated image in an archive that continues after it',
    readers: FORMAT_READERS,
    exit: 5,
    build: async (stage) => {
      const members: TarMember[] = [];
      for (const format of ['qcow2', 'vmdk', 'vhdx', 'vdi'] as const) {
        const content = await readFile(await writeConverted(stage, `whole.${format}`, format));
        members.push({ name: `cut.${format}`, content: content.subarray(0, Math.floor(content.length / 2)) });
      }
      const images = await written(stage, { 'vm.ova': tarArchive(...members) });
      return stage.trial(images, { errors: members.length });
    },
  },
];
