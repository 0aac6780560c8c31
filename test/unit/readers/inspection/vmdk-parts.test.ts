import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { QemuReader } from '@virt-similarity/readers';
import { ascii, fileWith } from './headers.js';
import { VMDK, vmdkDescriptor } from './sound-headers.js';

const SECTOR = Buffer.alloc(512);
/** A sparse extent without a descriptor. */
const SPARSE = fileWith(65_536, { ...VMDK, 512: Buffer.alloc(0) });

let directory: string;

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-parts-')));
});

afterEach(() => rm(directory, { recursive: true }));

async function parts(files: Readonly<Record<string, Buffer | string>>): Promise<Record<string, string>> {
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(directory, name), content);
  }
  return Object.fromEntries(await new QemuReader().partsIn(directory, await readdir(directory)));
}

describe('the parts of VMDKs in a directory', () => {
  test('are the extents and change tracking files that a descriptor names', async () => {
    const found = await parts({
      'web.vmdk': vmdkDescriptor('RW 1 FLAT "web-flat.vmdk" 0', 'changeTrackPath="web-ctk.vmdk"'),
      'db.vmdk': vmdkDescriptor('RW 2048 SPARSE "db-s001.vmdk"', 'RW 2048 SPARSE "./db-s002.vmdk"'),
      'absolute.vmdk': vmdkDescriptor(`RW 1 FLAT "${directory}/disk.bin" 0`),
      ...{ 'web-flat.vmdk': SECTOR, 'web-ctk.vmdk': SECTOR, 'db-s001.vmdk': SPARSE, 'db-s002.vmdk': SPARSE },
      ...{ 'disk.bin': SECTOR, 'srv-s001.vmdk': SPARSE, 'web-delta.vmdk': SECTOR },
    });
    expect(found).toEqual({
      'web-flat.vmdk': 'web.vmdk',
      'web-ctk.vmdk': 'web.vmdk',
      'db-s001.vmdk': 'db.vmdk',
      'db-s002.vmdk': 'db.vmdk',
      'disk.bin': 'absolute.vmdk',
    });
  });

  test('do not include parts of an invalid descriptor', async () => {
    const found = await parts({
      'missing.vmdk': vmdkDescriptor('RW 1 FLAT "a.raw" 0', 'RW 1 FLAT "none.raw" 0'),
      'short.vmdk': vmdkDescriptor('RW 2 FLAT "a.raw" 0'),
      'other.vmdk': vmdkDescriptor('createType="fullDevice"', 'RW 1 FLAT "a.raw" 0'),
      'odd.vmdk': vmdkDescriptor('RW 1 FLAT "a.raw" 0', 'what is this?'),
      'a.raw': SECTOR,
    });
    expect(found).toEqual({});
  });

  test('do not include images, or files elsewhere, that a descriptor names for change tracking', async () => {
    const found = await parts({
      'a.vmdk': vmdkDescriptor('RW 1 FLAT "a-flat.vmdk" 0', 'changeTrackPath="a.raw"'),
      'b.vmdk': vmdkDescriptor('RW 1 FLAT "b-flat.vmdk" 0', 'changeTrackPath="b-ctk.vmdk"'),
      'c.vmdk': vmdkDescriptor('RW 1 FLAT "c-flat.vmdk" 0', 'changeTrackPath="/c-ctk.vmdk"'),
      ...{ 'a-flat.vmdk': SECTOR, 'b-flat.vmdk': SECTOR, 'c-flat.vmdk': SECTOR },
      ...{ 'a.raw': SECTOR, 'b-ctk.vmdk': fileWith(65_536, VMDK), 'c-ctk.vmdk': SECTOR },
    });
    expect(found).toEqual({ 'a-flat.vmdk': 'a.vmdk', 'b-flat.vmdk': 'b.vmdk', 'c-flat.vmdk': 'c.vmdk' });
  });

  test('include the files of a snapshot only if they are not images, because the parent can be missing', async () => {
    const parent = ['parentCID=12345678', 'parentFileNameHint="missing.vmdk"'];
    const found = await parts({
      'web-000001.vmdk': vmdkDescriptor('RW 2048 SPARSE "web-000001-s001.vmdk"', ...parent),
      'odd.vmdk': vmdkDescriptor('RW 1 FLAT "a.raw" 0', ...parent),
      ...{ 'web-000001-s001.vmdk': SPARSE, 'a.raw': SECTOR },
    });
    expect(found).toEqual({ 'web-000001-s001.vmdk': 'web-000001.vmdk' });
  });

  test('do not include descriptors that are images themselves', async () => {
    const found = await parts({
      'a.vmdk': vmdkDescriptor('RW 1 FLAT "b.vmdk" 0', `#${' '.repeat(512)}`),
      'b.vmdk': vmdkDescriptor('RW 1 FLAT "a.vmdk" 0', `#${' '.repeat(512)}`),
    });
    expect(found).toEqual({});
  });

  test('do not include files elsewhere, missing files, or the descriptor itself', async () => {
    await mkdir(join(directory, 'below'));
    await writeFile(join(directory, 'below/a.vmdk'), SECTOR);
    const found = await parts({
      'below.vmdk': vmdkDescriptor('RW 1 FLAT "below/a.vmdk" 0'),
      'web.vmdk': vmdkDescriptor('RW 1 FLAT "below/a.vmdk" 0', 'RW 1 FLAT "../a.vmdk" 0', 'RW 1 FLAT "b.vmdk" 0'),
      'self.vmdk': vmdkDescriptor('RW 1 SPARSE "self.vmdk"'),
      'a.vmdk': SECTOR,
    });
    expect(found).toEqual({});
  });

  test('can have names that are not UTF-8', async () => {
    await writeFile(Buffer.from(`${directory}/caf\xe9.vmdk`, 'latin1'), SECTOR);
    await writeFile(join(directory, 'web.vmdk'), vmdkDescriptor('RW 1 FLAT "caf\xe9.vmdk" 0'));
    const found = await new QemuReader().partsIn(directory, ['caf\udce9.vmdk', 'web.vmdk']);
    expect([...found]).toEqual([['caf\udce9.vmdk', 'web.vmdk']]);
  });

  test('are found even if other files cannot be read', async () => {
    execFileSync('mkfifo', [join(directory, 'fifo.vmdk')]);
    await symlink('/etc/passwd', join(directory, 'link.vmdk'));
    await mkdir(join(directory, 'directory.vmdk'));
    const found = await parts({
      'broken.vmdk': ascii('# Disk DescriptorFile\nRW "x" "y'),
      'huge.vmdk': Buffer.concat([vmdkDescriptor('RW 1 FLAT "a.vmdk" 0'), Buffer.alloc(1 << 20, '\n')]),
      'sparse.vmdk': ascii('KDMV'),
      'web.vmdk': vmdkDescriptor('RW 1 FLAT "a.vmdk" 0'),
      'a.vmdk': SECTOR,
    });
    expect(found).toEqual({ 'a.vmdk': 'web.vmdk' });
    expect(await new QemuReader().partsIn(join(directory, 'missing'), ['a.vmdk'])).toEqual(new Map());
  });
});
