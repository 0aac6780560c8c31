import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createAnalyzer } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers, { QemuReader } from '@virt-similarity/readers';
import { openImage } from '../../fixtures/open-image.js';
import { parallelsDescriptor, writeParallelsBundle } from '../../fixtures/parallels-bundle.js';
import { diskContent } from '../qemu-images.js';

const analyzer = createAnalyzer({ plugins: [readers, hashers] });
let directory: string;
let image: string;
const at = (...names: readonly string[]) => join(directory, ...names);

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-parallels-')));
  await writeFile(at('disk.raw'), diskContent());
  image = await writeParallelsBundle(at('win.hdd'), at('disk.raw'));
});

afterEach(() => rm(directory, { recursive: true }));

function describeDisk(...storages: readonly (readonly string[])[]): Promise<void> {
  return writeFile(at('win.hdd', 'DiskDescriptor.xml'), parallelsDescriptor(...storages));
}

async function failureOf(path: string): Promise<unknown> {
  try {
    const opened = await openImage(new QemuReader(), { path }, { allowedDirectories: [directory] });
    await opened.close();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

describe('a Parallels bundle', () => {
  test('is read as its only image if its directory is named', async () => {
    const words = [at('win.hdd'), at('disk.raw')];
    const { images, distances, failures } = await analyzer.analyze(words, { cache: false });
    expect(failures).toEqual([]);
    expect(images.map(({ name }) => name)).toEqual([image, 'disk.raw']);
    expect([...distances.values]).toEqual([0]);
  });

  test('can also be named by its image, or by a link to the image', async () => {
    await symlink(at('win.hdd', image), at('link.hds'));
    expect(await failureOf(at('win.hdd', image))).toBeUndefined();
    expect(await failureOf(at('link.hds'))).toBeUndefined();
  });

  test('can have a descriptor that lists no images, or no descriptor', async () => {
    await describeDisk();
    expect(await failureOf(at('win.hdd', image))).toBeUndefined();
    await rm(at('win.hdd', 'DiskDescriptor.xml'));
    expect(await failureOf(at('win.hdd', image))).toBeUndefined();
  });

  test('can have a descriptor in which the name of the image has XML entities or directories', async () => {
    await copyFile(at('win.hdd', image), at('win.hdd', `a&b".hds`));
    await describeDisk(['C:\\disks\\a&amp;b&quot;.hds']);
    expect(await failureOf(at('win.hdd', `a&b".hds`))).toBeUndefined();
    await describeDisk([' /disks/a&amp;b".hds ']);
    expect(await failureOf(at('win.hdd', `a&b".hds`))).toBeUndefined();
    await copyFile(at('win.hdd', image), at('win.hdd', '&x;.hds'));
    await describeDisk(['&x;.hds']);
    expect(await failureOf(at('win.hdd', '&x;.hds'))).toBeUndefined();
  });

  test('with snapshots is refused, because one image has only a part of the content', async () => {
    await describeDisk([image, 'win.hdd.0.{1}.hds']);
    await symlink(at('win.hdd', image), at('link.hds'));
    for (const path of [at('win.hdd', image), at('link.hds')]) {
      expect(await failureOf(path)).toMatchObject({
        code: 'refused',
        message: expect.stringContaining('the disk has 2 images, because of snapshots; merge them with prl_disk_tool'),
      });
    }
  });

  test('that is split is refused', async () => {
    await describeDisk([image], ['win.hdd.1.{1}.hds']);
    expect(await failureOf(at('win.hdd', image))).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('split into 2 parts; join them with prl_disk_tool convert --merge --hdd first'),
    });
  });

  test('is refused if another of its files is named, and the message names its image', async () => {
    await copyFile(at('win.hdd', image), at('win.hdd', 'old.hds'));
    const error = await failureOf(at('win.hdd', 'old.hds'));
    expect(error).toMatchObject({ code: 'refused' });
    const named = JSON.parse(/another file; name (".*")$/.exec(String((error as Error).message))![1]!);
    expect(await failureOf(at('win.hdd', named))).toBeUndefined();
  });

  test('fails if its descriptor is too long or is not a regular file', async () => {
    await writeFile(at('win.hdd', 'DiskDescriptor.xml'), '<Image>'.repeat(200_000));
    expect(await failureOf(at('win.hdd', image))).toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/its DiskDescriptor.xml has 1400000 bytes; .*; restore it from a good copy$/),
    });
    await rm(at('win.hdd', 'DiskDescriptor.xml'));
    execFileSync('mkfifo', [at('win.hdd', 'DiskDescriptor.xml')]);
    expect(await failureOf(at('win.hdd', image))).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('its DiskDescriptor.xml cannot be used: it is a FIFO'),
    });
  });
});

describe('the parts of a Parallels bundle', () => {
  const partsIn = async (path: string) => [...(await new QemuReader().partsIn(path, await readdir(path)))];

  test('are its empty files', async () => {
    expect(await partsIn(at('win.hdd'))).toEqual([['win.hdd', image]]);
  });

  test('do not include files with content, or files without an image or a descriptor beside them', async () => {
    await writeFile(at('win.hdd', 'other.hdd'), await readFile(at('win.hdd', image)));
    await mkdir(at('win.hdd', 'directory.hdd'));
    expect(await partsIn(at('win.hdd'))).toEqual([['win.hdd', image]]);
    await rm(at('win.hdd', image));
    expect(await partsIn(at('win.hdd'))).toEqual([]);
    await rm(at('win.hdd', 'DiskDescriptor.xml'));
    await writeFile(at('win.hdd', 'x.hds'), '');
    expect(await partsIn(at('win.hdd'))).toEqual([]);
  });
});
