import { execFileSync } from 'node:child_process';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { isVolatile } from '@virt-similarity/core';
import { RawReader } from '@virt-similarity/readers';
import { identityOf } from '#readers/inspection/identity-of.js';
import { inspect } from '#readers/inspection/inspect.js';
import { openImage } from '../../fixtures/open-image.js';
import { qcow2File } from '../../unit/readers/inspection/headers.js';
import { vmdkDescriptor } from '../../unit/readers/inspection/sound-headers.js';

const directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-device-')));
afterAll(() => rm(directory, { recursive: true }));

const CONTENT = Buffer.alloc(1024 * 1024, 'block device');

/** Only root can create a loop device. */
const testAsRoot = process.getuid?.() === 0 ? test : test.skip;

async function withLoopDevice(use: (device: string) => Promise<void>): Promise<void> {
  const path = join(directory, 'disk.raw');
  await writeFile(path, CONTENT);
  const device = execFileSync('losetup', ['--find', '--show', path], { encoding: 'utf8' }).trim();
  try {
    await use(device);
  } finally {
    execFileSync('losetup', ['--detach', device]);
  }
}

describe('a block device', () => {
  testAsRoot('that the user names is read completely and is volatile (needs root: losetup)', async () => {
    await withLoopDevice(async (path) => {
      const options = { allowedDirectories: [] };
      const inspected = await inspect({ path }, options);
      expect(inspected).toMatchObject({ format: 'raw', isDevice: true, virtualSize: CONTENT.length });
      expect(isVolatile(identityOf(inspected))).toBe(true);
      const image = await openImage(new RawReader(), { path }, options);
      try {
        const content = Buffer.alloc(image.virtualSize);
        await image.read(content, 0);
        expect(content.equals(CONTENT)).toBe(true);
      } finally {
        await image.close();
      }
    });
  });

  testAsRoot('that a header names is refused, even if its directory is allowed (needs root: losetup)', async () => {
    await withLoopDevice(async (device) => {
      const path = join(directory, 'top.qcow2');
      await writeFile(path, qcow2File({ backing: device, backingFormat: 'raw' }));
      await expect(inspect({ path }, { allowedDirectories: ['/dev', directory] })).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringContaining(
          "it is a block device; if you know that the files belong together, pass `allowBacking: [ '/dev' ]`",
        ),
      });
    });
  });

  testAsRoot('can be a backing file if its tree is allowed, but not an extent (needs root: losetup)', async () => {
    await withLoopDevice(async (device) => {
      const path = join(directory, 'top.qcow2');
      await writeFile(path, qcow2File({ backing: device, backingFormat: 'raw' }));
      const refusal = inspect({ path }, { allowedDirectories: [directory] });
      await expect(refusal).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringMatching(/; if you know that the files belong together, pass `allowBacking: \[ .* \]`$/),
        remedy: [{ option: 'allowBacking', value: ['/dev'] }],
      });
      const allowed = { allowedDirectories: [], allowedTrees: ['/dev'] };
      const { backing } = await inspect({ path }, allowed);
      expect(backing).toMatchObject({ format: 'raw', isDevice: true, virtualSize: CONTENT.length });
      const extent = join(directory, 'x.vmdk');
      await writeFile(extent, vmdkDescriptor(`RW 1 FLAT "${device}" 0`));
      await expect(inspect({ path: extent }, allowed)).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringMatching(/block device; ex/),
      });
      const inDirectory = inspect({ path }, { allowedDirectories: ['/dev'] });
      await expect(inDirectory).rejects.toMatchObject({
        message: expect.stringContaining('it is a block device; if'),
      });
    });
  });
});
