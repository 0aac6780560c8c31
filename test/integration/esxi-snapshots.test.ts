import { mkdtemp, readdir, readFile, realpath, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { QemuReader } from '@virt-similarity/readers';
import { cowdExtent, seSparseExtent, writeEsxiChain, writeEsxiDisk } from '../fixtures/esxi-disk.js';
import { openImage } from '../fixtures/open-image.js';
import {
  contentByExtents,
  contentByReads,
  convertedContent,
  diskContent,
  extentsOf,
  makeImage,
} from './qemu-images.js';

const MIB = 2 ** 20;
const reader = new QemuReader();
let directory: string;
const at = (name: string) => join(directory, name);

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-esxi-')));
});

afterEach(() => rm(directory, { recursive: true }));

function open(path: string) {
  return openImage(reader, { path }, { allowedDirectories: [directory] });
}

async function expectContent(path: string, expected: Buffer): Promise<void> {
  expect((await convertedContent(path, 'vmdk')).equals(expected)).toBe(true);
  const image = await open(path);
  try {
    expect((await contentByExtents(image)).equals(expected)).toBe(true);
    expect((await contentByReads(image)).equals(expected)).toBe(true);
  } finally {
    await image.close();
  }
}

async function expectFailure(path: string): Promise<unknown> {
  const read = async () => {
    const image = await open(path);
    try {
      await extentsOf(image);
    } finally {
      await image.close();
    }
  };
  return await read().then(
    () => 'no failure',
    (thrown: unknown) => thrown,
  );
}

describe('a snapshot of ESXi', () => {
  test('has the content of the disk with all earlier snapshots, which have extents of both kinds', async () => {
    const content = diskContent();
    await expectContent(await writeEsxiChain(directory, 'vm', content), content);
  });

  test('has all data in the files of the chain, where hashing threads can read it', async () => {
    const image = await open(await writeEsxiChain(directory, 'vm', diskContent()));
    try {
      const data = (await extentsOf(image)).filter(({ kind }) => kind === 'data');
      expect(data.every((extent) => 'stored' in extent)).toBe(true);
    } finally {
      await image.close();
    }
  });

  test.each(['monolithicSparse', 'twoGbMaxExtentSparse', 'monolithicFlat'])(
    'can have a %s disk as its base',
    async (subformat) => {
      const content = diskContent();
      await makeImage(at('vm.vmdk'), 'vmdk', content, '-o', `subformat=${subformat}`);
      const cid = /\nCID=([\da-f]+)/.exec(await readFile(at('vm.vmdk'), 'latin1'))![1]!.padStart(8, '0');
      const written = Buffer.alloc(8192, 'written');
      written.copy(content, MIB);
      content.fill(0, 0, 4096);
      const changes = [
        { at: 0, content: 4096 },
        { at: MIB, content: written },
      ];
      for (const [kind, extent] of [
        ['VMFSSPARSE', cowdExtent(content.length, changes)],
        ['SESPARSE', seSparseExtent(content.length, changes)],
      ] as const) {
        const parent = { hint: 'vm.vmdk', cid };
        const disk = { name: `vm-${kind}`, kind, extent, diskBytes: content.length, cid: '0000000a', parent };
        await expectContent(await writeEsxiDisk(directory, disk), content);
      }
    },
  );

  test('of a large disk has data only where it was changed', async () => {
    const diskBytes = 2 ** 34;
    const last = diskBytes - 4096;
    const extent = seSparseExtent(diskBytes, [{ at: last, content: Buffer.alloc(4096, 1) }]);
    const path = await writeEsxiDisk(directory, { name: 'vm', kind: 'SESPARSE', extent, diskBytes, cid: '0000000a' });
    const image = await open(path);
    try {
      expect(await extentsOf(image)).toEqual([
        { kind: 'zero', start: 0, length: last },
        { kind: 'data', start: last, length: 4096, stored: { file: 1, offset: extent.length - 4096 } },
      ]);
    } finally {
      await image.close();
    }
  });

  test('is corrupt if its base was written to after the snapshot was made', async () => {
    const path = await writeEsxiChain(directory, 'vm', Buffer.alloc(MIB, 1));
    const base = await readFile(at('vm.vmdk'), 'latin1');
    await writeFile(at('vm.vmdk'), base.replace('CID=00000001', 'CID=deadbeef'));
    expect(await expectFailure(path)).toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('was changed after this snapshot was made: expected CID 00000001'),
    });
  });

  test.each(['vm-000004-sesparse.vmdk', 'vm-000003-delta.vmdk'])('is corrupt if %s is truncated', async (extent) => {
    const path = await writeEsxiChain(directory, 'vm', Buffer.alloc(MIB, 1));
    const { length } = await readFile(at(extent));
    // The disk includes some of the missing data, because later snapshots replace only the end of the disk.
    await truncate(at(extent), Math.floor(length / 4));
    expect(await expectFailure(path)).toMatchObject({ code: 'corrupt' });
  });

  test('has parts that are not images', async () => {
    await writeEsxiChain(directory, 'vm', Buffer.alloc(MIB, 1));
    const parts = await reader.partsIn(directory, await readdir(directory));
    expect([...parts].toSorted()).toEqual([
      ['vm-000001-delta.vmdk', 'vm-000001.vmdk'],
      ['vm-000002-sesparse.vmdk', 'vm-000002.vmdk'],
      ['vm-000003-delta.vmdk', 'vm-000003.vmdk'],
      ['vm-000004-sesparse.vmdk', 'vm-000004.vmdk'],
      ['vm-flat.vmdk', 'vm.vmdk'],
    ]);
    expect(await expectFailure(at('vm-000002-sesparse.vmdk'))).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('it is a part of a VMDK; name the descriptor, usually "vm-000002.vmdk"'),
    });
  });
});
