import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { QemuReader } from '@virt-similarity/readers';
import { openImage } from '../fixtures/open-image.js';
import { extentsOf, runTestTool, withDirectory } from './qemu-images.js';

const READS = 256;

async function qemuIo(path: string, commands: readonly string[]): Promise<void> {
  await runTestTool('qemu-io', '-f', 'qcow2', ...commands.flatMap((command) => ['-c', command]), path);
}

/** Requires that the complete image and a part of it read like the output of qemu-img convert. */
async function expectSameContent(path: string): Promise<void> {
  const raw = `${path}.raw`;
  await runTestTool('qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', path, raw);
  const options = { allowedDirectories: [join(path, '..')] };
  const image = await openImage(new QemuReader(), { path, format: 'qcow2' }, options);
  const plain = await openImage(new QemuReader(), { path: raw, format: 'raw' }, options);
  try {
    const [found, expected] = [Buffer.alloc(image.virtualSize), Buffer.alloc(image.virtualSize)];
    await image.read(found, 0);
    await plain.read(expected, 0);
    expect(found.equals(expected)).toBe(true);
    const part = Buffer.alloc(100_001);
    await image.read(part, 777);
    expect(part.equals(expected.subarray(777, 777 + part.length))).toBe(true);
  } finally {
    await Promise.all([image.close(), plain.close()]);
  }
}

test.each([
  ['stored', 'write'],
  ['compressed', 'write -c'],
])('reads an image in which every other cluster of 512 bytes is %s', async (_, write) => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'disk.qcow2');
    await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', 'cluster_size=512', path, '256k');
    await qemuIo(
      path,
      Array.from({ length: READS }, (_unused, index) => `${write} -P ${(index % 255) + 1} ${index * 1024} 512`),
    );
    await expectSameContent(path);
  });
});

test('reads an overlay in which every other subcluster is zeroed, on a compressed backing image', async () => {
  await withDirectory(async (directory) => {
    const [base, path] = [join(directory, 'base.qcow2'), join(directory, 'disk.qcow2')];
    await runTestTool('qemu-img', 'create', '-q', '-f', 'qcow2', base, '256k');
    await qemuIo(base, [
      'write -c -P 7 0 64k',
      'write -c -P 8 64k 64k',
      'write -c -P 9 128k 64k',
      'write -c -P 5 192k 64k',
    ]);
    const options = 'extended_l2=on,cluster_size=16k';
    await runTestTool(
      'qemu-img',
      'create',
      '-q',
      '-f',
      'qcow2',
      '-o',
      options,
      '-F',
      'qcow2',
      '-b',
      base,
      path,
      '256k',
    );
    await qemuIo(
      path,
      Array.from({ length: READS }, (_unused, index) => `write -z ${index * 1024} 512`),
    );
    await expectSameContent(path);
  });
});

test('maps and reads a disk of more than 1 GiB that has one byte value and is compressed by zstd', async () => {
  await withDirectory(async (directory) => {
    const [raw, path] = [join(directory, 'disk.raw'), join(directory, 'disk.qcow2')];
    const size = 1152 * 2 ** 20;
    await runTestTool('qemu-img', 'create', '-q', '-f', 'raw', raw, String(size));
    await runTestTool('qemu-io', '-f', 'raw', '-c', `write -P 255 0 ${size}`, raw);
    const options = 'compression_type=zstd,cluster_size=2M';
    await runTestTool('qemu-img', 'convert', '-c', '-O', 'qcow2', '-o', options, raw, path);
    await rm(raw);
    const image = await openImage(new QemuReader(), { path }, { allowedDirectories: [directory] });
    try {
      expect(await extentsOf(image)).toEqual([{ kind: 'data', start: 0, length: size }]);
      const found = Buffer.alloc(65_536);
      await image.read(found, size - found.length);
      expect(found.equals(Buffer.alloc(65_536, 255))).toBe(true);
    } finally {
      await image.close();
    }
  });
});
