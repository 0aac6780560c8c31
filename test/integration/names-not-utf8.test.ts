import { readdirSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type DiskReader, type DiskSource, systemPath } from '@virt-similarity/core';
import { QemuReader, RawReader } from '@virt-similarity/readers';
import { openImage } from '../fixtures/open-image.js';
import { contentByExtents, contentByReads, diskContent, makeImage, runTestTool, withDirectory } from './qemu-images.js';

/** The name `café` in Latin-1, for the command printf and as the text of a path. */
const LATIN1 = { shell: 'caf\\351', text: 'caf\udce9' };

/** Creates a directory with the name `café` in Latin-1. Returns the text of its path. */
async function madeIn(directory: string): Promise<string> {
  const path = join(directory, LATIN1.text);
  await mkdir(systemPath(path));
  return path;
}

/** Moves files to a directory whose name is not UTF-8, because tools cannot create files in it. */
async function move(names: readonly string[], from: string, to: string): Promise<void> {
  for (const name of names) {
    await rename(join(from, name), systemPath(join(to, name)));
  }
}

/** Expects that reading by extents and reading directly both return the exact content. */
async function expectContent(reader: DiskReader, source: DiskSource, expected: Buffer, allowed: string): Promise<void> {
  const image = await openImage(reader, source, { allowedDirectories: [allowed] });
  try {
    expect(image.virtualSize).toBe(expected.length);
    expect(expected.equals(await contentByExtents(image))).toBe(true);
    expect(expected.equals(await contentByReads(image))).toBe(true);
  } finally {
    await image.close();
  }
}

describe('in a directory whose name is not UTF-8,', () => {
  test.each([
    ['raw', new RawReader(), 'raw', []],
    ['qcow2', new QemuReader(), 'qcow2', []],
    ['qcow2 compressed by zstd, through qemu-nbd,', new QemuReader(), 'qcow2', ['-c', '-o', 'compression_type=zstd']],
    ['vdi', new QemuReader(), 'vdi', []],
    ['vmdk', new QemuReader(), 'vmdk', []],
    ['a stream-optimized vmdk', new QemuReader(), 'vmdk', ['-o', 'subformat=streamOptimized']],
  ])('%s is read', async (_, reader, format, convertArguments) => {
    await withDirectory(async (directory) => {
      await makeImage(join(directory, 'disk'), format, diskContent(), ...convertArguments);
      const there = await madeIn(directory);
      await move(['disk'], directory, there);
      await expectContent(reader, { path: join(there, 'disk'), format }, diskContent(), there);
    });
  });

  test('a chain with relative names of backing files is read', async () => {
    await withDirectory(async (directory) => {
      const at = (name: string) => join(directory, name);
      await makeImage(at('base.qcow2'), 'qcow2', diskContent(), '-c', '-o', 'compression_type=zstd');
      await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', 'base.qcow2', at('top.qcow2'));
      await runTestTool('qemu-io', '-f', 'qcow2', '-c', 'write -P 5 1M 200k', at('top.qcow2'));
      const there = await madeIn(directory);
      await move(['base.qcow2', 'top.qcow2'], directory, there);
      const expected = diskContent().fill(5, 2 ** 20, 2 ** 20 + 200 * 1024);
      await expectContent(new QemuReader(), { path: join(there, 'top.qcow2') }, expected, there);
    });
  });

  test('a VMDK with extents in other files is read', async () => {
    await withDirectory(async (directory) => {
      const name = 'disk.vmdk';
      await makeImage(join(directory, name), 'vmdk', diskContent(), '-o', 'subformat=twoGbMaxExtentFlat');
      const there = await madeIn(directory);
      await move([name, 'disk-f001.vmdk'], directory, there);
      await expectContent(new QemuReader(), { path: join(there, name) }, diskContent(), there);
    });
  });
});

test('a backing file whose name is not UTF-8 is read only if its directory is allowed', async () => {
  await withDirectory(async (directory) => {
    const base = join(directory, LATIN1.text);
    await writeFile(systemPath(base), diskContent());
    const create = `cd "$1" && qemu-img create -q -f qcow2 -F raw -b "$(printf '${LATIN1.shell}')" top.qcow2`;
    await runTestTool('sh', '-c', create, 'sh', directory);
    const source = { path: join(directory, 'top.qcow2') };
    await expectContent(new QemuReader(), source, diskContent(), directory);
    await expect(expectContent(new QemuReader(), source, diskContent(), `${directory}/other`)).rejects.toMatchObject({
      code: 'refused',
    });
  });
});

test('the substitute for a name that is not UTF-8 is removed after tools have run', async () => {
  await withDirectory(async (directory) => {
    await makeImage(join(directory, 'disk'), 'vdi', diskContent());
    const there = await madeIn(directory);
    await move(['disk'], directory, there);
    const runDirectories = () => readdirSync(process.env.XDG_RUNTIME_DIR || '/tmp').filter(isOurs);
    const isOurs = (name: string) => name.startsWith(`virt-similarity-${process.pid}-`);
    await expectContent(new QemuReader(), { path: join(there, 'disk'), format: 'vdi' }, diskContent(), there);
    expect(runDirectories()).toEqual([]);
  });
});
