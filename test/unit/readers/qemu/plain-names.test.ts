import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { systemPath } from '@virt-similarity/core';
import { createRunDirectory, type RunDirectory } from '#readers/processes/run-directory.js';
import { hasPlainNames, withPlainNames } from '#readers/qemu/plain-names.js';
import { inspectedImage, layer } from './inspected-image.js';

const SPEAKER = { component: 'qemu', image: 'a.qcow2' };

async function inRunDirectory(use: (runDirectory: RunDirectory) => Promise<void>): Promise<void> {
  const runDirectory = await createRunDirectory();
  try {
    await use(runDirectory);
  } finally {
    await runDirectory.remove();
  }
}

test('a chain whose names are all UTF-8 stays as it is', () =>
  inRunDirectory(async (runDirectory) => {
    const backing = inspectedImage({ format: 'raw', path: '/images/Größe.raw' });
    const image = inspectedImage({ format: 'qcow2', path: '/images/a\uFFFD.qcow2', backing });
    expect(hasPlainNames(image)).toBe(true);
    expect(await withPlainNames(image, runDirectory, SPEAKER)).toBe(image);
  }));

test('a link stands for just those files whose names are not UTF-8', () =>
  inRunDirectory(async (runDirectory) => {
    const path = join(runDirectory.path, 'caf\udce9');
    await writeFile(systemPath(path), 'content');
    const bottom = inspectedImage({ format: 'raw', path });
    const middle = inspectedImage({ format: 'qcow2', path: '/images/b.qcow2', backing: bottom });
    const top = inspectedImage({ format: 'qcow2', path, backing: middle });
    const named = await withPlainNames(top, runDirectory, SPEAKER);
    expect(named.backing?.file).toBe(middle.file);
    const links = [named.file.path, named.backing!.backing!.file.path];
    expect(new Set(links).size).toBe(2);
    for (const link of links) {
      expect(link).toMatch(/^[\x20-\x7e]+$/);
      expect((await stat(link)).ino).toBe((await stat(systemPath(path))).ino);
    }
    expect({ ...named, file: top.file, backing: undefined }).toEqual({ ...top, backing: undefined });
  }));

test.each([
  ['the descriptor', '/images/caf\udce9.vmdk', '/images/caf-f001.vmdk'],
  ['an extent', '/images/caf.vmdk', '/images/caf\udce9-f001.vmdk'],
])('a VMDK is refused where the name of %s is not UTF-8', (_, path, extent) =>
  inRunDirectory(async (runDirectory) => {
    const image = inspectedImage({ format: 'vmdk', path, extentFiles: [layer(extent)] });
    await expect(withPlainNames(image, runDirectory, SPEAKER)).rejects.toMatchObject({ code: 'refused' });
  }),
);
