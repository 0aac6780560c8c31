import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type DiskSource, type ImageIdentity, partsOf, type ReadOptions } from '@virt-similarity/core';
import { QemuReader, RawReader } from '@virt-similarity/readers';
import { inspect } from '#readers/inspection/inspect.js';
import { deterministicBytes } from '../../../fixtures/deterministic-bytes.js';
import { type TarMember, tarArchive } from '../../../fixtures/tar-archive.js';
import { fileWith, qcow2File } from './headers.js';
import { PARALLELS, vmdkDescriptor } from './sound-headers.js';

const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-archive-'));
afterAll(() => rm(directory, { recursive: true }));
const at = (name: string) => join(directory, name);
const options: ReadOptions = { allowedDirectories: [directory] };
const reader = new RawReader();

const NOISE = deterministicBytes('noise', 10_000);
const PARALLELS_DISK: TarMember = { name: 'win.hdd/win.hds', content: fileWith(4096, PARALLELS) };
const DISK: TarMember = { name: 'disk.raw', content: NOISE };

/** Writes an archive and returns its path. */
async function write(name: string, ...members: readonly TarMember[]): Promise<string> {
  await writeFile(at(name), tarArchive(...members));
  return at(name);
}

/** Writes an archive. Returns the names of the images in it. */
async function imagesIn(...members: readonly TarMember[]) {
  return reader.imagesIn({ path: await write('vm.ova', ...members) });
}

/** Returns the source for a file in an archive. */
function sourceOf(archive: string, member: string, stated: Partial<DiskSource> = {}): DiskSource {
  return { path: `${archive}:${member}`, archive, ...stated };
}

async function contentOf(source: DiskSource): Promise<Buffer> {
  const identity = (await reader.identify(source, options)) as ImageIdentity;
  const image = await reader.open(source, identity, options);
  try {
    if (!('virtualSize' in image)) {
      throw new Error('expected an image');
    }
    const content = Buffer.alloc(image.virtualSize);
    await image.read(content, 0);
    return content;
  } finally {
    await image.close();
  }
}

const failure = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('the images in an archive', () => {
  test('are the files with the extension or the header of a disk image', async () => {
    const images = await imagesIn(
      { name: 'vm.ovf', content: Buffer.from('<Envelope/>') },
      DISK,
      { name: 'b1f4', content: qcow2File({}) },
      { name: 'disk2.vmdk.gz', content: NOISE },
      { name: 'disk3.vmdk.000000000', content: NOISE },
      { name: 'vm.mf', content: NOISE },
      { name: 'nvram', content: NOISE },
    );
    expect(images).toEqual(['disk.raw', 'b1f4', 'disk2.vmdk.gz', 'disk3.vmdk.000000000']);
  });

  test('have the shortest names that are distinct', async () => {
    const named = (name: string) => ({ ...DISK, name });
    expect(await imagesIn(named('./a.img'), named('x/b.img'), named('x/c.img'), named('y/c.img'))).toEqual([
      'a.img',
      'b.img',
      'x/c.img',
      'y/c.img',
    ]);
    expect(await imagesIn(DISK, DISK)).toEqual(['disk.raw']);
  });

  test('are listed for the extensions .ova, .box and .tar, and for the format tar', async () => {
    for (const name of ['a.OVA', 'a.box', 'a.tar']) {
      expect(await reader.imagesIn({ path: await write(name, DISK) })).toEqual(['disk.raw']);
      expect(await reader.imagesIn({ path: at(name), format: 'raw' })).toBeUndefined();
    }
    expect(await reader.imagesIn({ path: await write('a.img', DISK) })).toBeUndefined();
    expect(await reader.imagesIn({ path: at('a.img'), format: 'tar' })).toEqual(['disk.raw']);
  });

  test('are not listed for a file that is not an archive despite its name', async () => {
    await writeFile(at('plain.ova'), NOISE);
    expect(await reader.imagesIn({ path: at('plain.ova') })).toBeUndefined();
    await expect(reader.imagesIn({ path: at('plain.ova'), format: 'tar' })).rejects.toEqual(
      failure('corrupt', /^cannot open .*plain\.ova: expected a tar header at byte 0, found none; restore it/),
    );
  });

  test('are required, except in an empty archive', async () => {
    await expect(imagesIn({ name: 'notes.txt' }, { name: 'vm.ovf' })).rejects.toEqual(
      failure('refused', /without disk images: .* found "notes\.txt", "vm\.ovf"; name an archive with disks$/),
    );
    await expect(imagesIn()).resolves.toBeUndefined();
    await expect(imagesIn({ name: 'a', type: '5' })).rejects.toEqual(failure('refused', /found no file; name/));
  });

  test('are at most 64', async () => {
    const disks = Array.from({ length: 65 }, (_, index) => ({ name: `${index}.img` }));
    expect(await imagesIn(...disks.slice(1))).toHaveLength(64);
    await expect(imagesIn(...disks)).rejects.toEqual(
      failure('refused', /^cannot open .*: it has 65 disk images, the limit is 64; unpack it with tar -xf '.*vm\.ova'/),
    );
  });

  test('cannot be listed if the archive cannot be opened', async () => {
    await expect(reader.imagesIn({ path: at('missing.ova') })).rejects.toEqual(
      failure('unreadable', /^cannot open .*missing\.ova: there is no such file; check its name$/),
    );
  });
});

describe('an archived file', () => {
  test('is read by its name, or by the end of its name', async () => {
    const archive = await write(
      'vm.tar',
      { name: 'first.raw', content: Buffer.alloc(700) },
      { ...DISK, name: 'x/disk.raw' },
    );
    expect(await contentOf(sourceOf(archive, 'x/disk.raw'))).toEqual(NOISE);
    expect(await contentOf(sourceOf(archive, 'disk.raw'))).toEqual(NOISE);
    expect(await contentOf(sourceOf(archive, 'first.raw'))).toEqual(Buffer.alloc(700));
  });

  test('can be named by a relative path', async () => {
    const archive = await write('vm.tar', DISK);
    const relative = `.${'/..'.repeat(process.cwd().split('/').length - 1)}${archive}`;
    expect(await contentOf(sourceOf(relative, 'disk.raw'))).toEqual(NOISE);
  });

  test('has the format that is stated for it, except tar, which is the format of the archive', async () => {
    const source = sourceOf(await write('other.tar', { name: 'disk.qcow2', content: NOISE }), 'disk.qcow2');
    expect(await contentOf({ ...source, format: 'raw' })).toEqual(NOISE);
    expect(await contentOf(sourceOf(await write('vm.tar', DISK), 'disk.raw', { format: 'tar' }))).toEqual(NOISE);
  });

  test('is named in notes together with its archive', async () => {
    const notes: string[] = [];
    const source = sourceOf(await write('vm.tar', { name: 'box.img', content: qcow2File({}) }), 'box.img');
    await inspect(source, { ...options, warn: (note) => notes.push(note) });
    expect(notes).toEqual([`${source.path}: treated as qcow2, because its header says so`]);
  });

  test('has a different identity from the other files of the archive', async () => {
    const archive = await write('vm.tar', DISK, { ...DISK, name: 'other.raw' });
    const [one, other] = await Promise.all(
      ['disk.raw', 'other.raw'].map((name) => reader.identify(sourceOf(archive, name), options)),
    );
    const [file, place] = partsOf(one as ImageIdentity);
    const [otherFile, otherPlace] = partsOf(other as ImageIdentity);
    expect(otherFile).toEqual(file);
    expect([place, otherPlace]).toEqual([
      { kind: 'object', path: 'part at 512', version: '10000 bytes' },
      { kind: 'object', path: 'part at 11264', version: '10000 bytes' },
    ]);
  });

  const failures: readonly (readonly [title: string, TarMember[], member: string, code: string, message: RegExp])[] = [
    [
      'that does not exist',
      [DISK],
      'x.raw',
      'unreadable',
      /no file of this name in the archive; name the archive itself/,
    ],
    [
      'whose name is repeated',
      [DISK, DISK],
      'disk.raw',
      'refused',
      /several files of this name; unpack it with tar -xf '.*vm\.tar', which keeps the last one$/,
    ],
    [
      'whose end is missing',
      [{ ...DISK, size: '00000100000' }],
      'disk.raw',
      'corrupt',
      /it has 32768 bytes, but the last 21504 bytes are missing from its archive; restore/,
    ],
    [
      'that is compressed',
      [{ name: 'disk.raw.gz', content: Buffer.from([0x1f, 0x8b, 8, 0, 1]) }],
      'disk.raw.gz',
      'refused',
      /it is compressed by gzip, not a disk image; unpack the archive with tar -xf '.*vm\.tar', and name the files in it, or name it as /,
    ],
    [
      'that is itself an archive',
      [{ name: 'inner.ova', content: tarArchive(DISK) }],
      'inner.ova',
      'refused',
      /it is a tar archive, not a disk image; unpack the archive with tar -xf/,
    ],
    [
      'that is one of several parts',
      [{ ...DISK, name: 'disk.vmdk.000000000' }],
      'disk.vmdk.000000000',
      'refused',
      /one part of "vm\.tar:disk\.vmdk"; unpack the archive with tar -xf '.*' and join the parts with cat first/,
    ],
    [
      'that is a part of a raw disk',
      [{ ...DISK, name: 'disk.raw.001' }],
      'disk.raw.001',
      'refused',
      /unpack the archive with .* and join the parts with cat first/,
    ],
    [
      'with a backing file',
      [{ name: 'a.qcow2', content: qcow2File({ backing: 'disk.raw', backingFormat: 'raw' }) }, DISK],
      'a.qcow2',
      'refused',
      /it belongs together with another file, "disk\.raw"; unpack the archive with tar -xf '.*', and name the image there$/,
    ],
    [
      'with extents',
      [{ name: 'a.vmdk', content: vmdkDescriptor('RW 20 FLAT "disk.raw" 0') }, DISK],
      'a.vmdk',
      'refused',
      /it belongs together with another file, "disk\.raw"/,
    ],
    [
      'of Parallels, beside a description of its disk,',
      [PARALLELS_DISK, { name: 'win.hdd/DiskDescriptor.xml' }],
      'win.hds',
      'refused',
      /it belongs together with another file, "DiskDescriptor\.xml"; unpack the archive with tar -xf/,
    ],
  ];

  test('of Parallels is a complete disk if the archive has no description of the disk', async () => {
    const identity = await new QemuReader().identify(
      sourceOf(await write('vm.tar', PARALLELS_DISK), 'win.hds'),
      options,
    );
    expect(identity?.chain.map(({ format }) => format)).toEqual(['parallels']);
  });

  test.each(failures)('%s fails', async (_, members, member, code, message) => {
    const source = sourceOf(await write('vm.tar', ...members), member);
    const identified = new QemuReader().identify(source, options);
    await expect(identified).rejects.toEqual(failure(code, message));
  });

  test('cannot be in a file that is not an archive', async () => {
    await writeFile(at('noise'), NOISE);
    await expect(reader.identify(sourceOf(at('noise'), 'disk.raw'), options)).rejects.toEqual(
      failure(
        'unreadable',
        /there is no such file, and the part before the colon is not a tar archive; check its name$/,
      ),
    );
  });
});
