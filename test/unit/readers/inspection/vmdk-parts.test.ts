import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { QemuReader } from '@virt-similarity/readers';
import { ascii } from './headers.js';
import { vmdkDescriptor } from './sound-headers.js';

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
  test('are the extents and the change tracking that a descriptor in it names', async () => {
    const found = await parts({
      'web.vmdk': vmdkDescriptor('RW 1 FLAT "web-flat.vmdk" 0', 'changeTrackPath="web-ctk.vmdk"'),
      'db.vmdk': vmdkDescriptor('RW 1 SPARSE "db-s001.vmdk"', 'RW 1 SPARSE "./db-s002.vmdk"'),
      'esx.vmdk': vmdkDescriptor('createType="seSparse"', 'RW 1 SESPARSE "esx-sesparse.vmdk"'),
      'absolute.vmdk': vmdkDescriptor(`RW 1 FLAT "${directory}/disk.bin" 0`),
      ...{ 'web-flat.vmdk': '', 'web-ctk.vmdk': '', 'db-s001.vmdk': '', 'db-s002.vmdk': '' },
      ...{ 'esx-sesparse.vmdk': '', 'disk.bin': '', 'srv-s001.vmdk': '', 'web-delta.vmdk': '' },
    });
    expect(found).toEqual({
      'web-flat.vmdk': 'web.vmdk',
      'web-ctk.vmdk': 'web.vmdk',
      'db-s001.vmdk': 'db.vmdk',
      'db-s002.vmdk': 'db.vmdk',
      'esx-sesparse.vmdk': 'esx.vmdk',
      'disk.bin': 'absolute.vmdk',
    });
  });

  test('are none that lie elsewhere, are missing, or are the descriptor itself', async () => {
    await mkdir(join(directory, 'below'));
    const found = await parts({
      'web.vmdk': vmdkDescriptor('RW 1 FLAT "below/a.vmdk" 0', 'RW 1 FLAT "../a.vmdk" 0', 'RW 1 FLAT "b.vmdk" 0'),
      'self.vmdk': vmdkDescriptor('RW 1 SPARSE "self.vmdk"'),
      'a.vmdk': '',
    });
    expect(found).toEqual({});
  });

  test('have names that are not UTF-8', async () => {
    await writeFile(Buffer.from(`${directory}/caf\xe9.vmdk`, 'latin1'), '');
    await writeFile(join(directory, 'web.vmdk'), vmdkDescriptor('RW 1 FLAT "caf\xe9.vmdk" 0'));
    const found = await new QemuReader().partsIn(directory, ['caf\udce9.vmdk', 'web.vmdk']);
    expect([...found]).toEqual([['caf\udce9.vmdk', 'web.vmdk']]);
  });

  test('are told where other files cannot be read', async () => {
    execFileSync('mkfifo', [join(directory, 'fifo.vmdk')]);
    await symlink('/etc/passwd', join(directory, 'link.vmdk'));
    await mkdir(join(directory, 'directory.vmdk'));
    const found = await parts({
      'broken.vmdk': ascii('# Disk DescriptorFile\nRW "x" "y'),
      'huge.vmdk': Buffer.concat([vmdkDescriptor('RW 1 FLAT "a.vmdk" 0'), Buffer.alloc(1 << 20)]),
      'sparse.vmdk': ascii('KDMV'),
      'web.vmdk': vmdkDescriptor('RW 1 FLAT "a.vmdk" 0'),
      'a.vmdk': '',
    });
    expect(found).toEqual({ 'a.vmdk': 'web.vmdk' });
    expect(await new QemuReader().partsIn(join(directory, 'missing'), ['a.vmdk'])).toEqual(new Map());
  });
});
