import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DiskReader, DiskSource } from '@virt-similarity/core';
import { QemuReader, RawReader } from '@virt-similarity/readers';
import { openImage, runTool } from '../fixtures/index.js';

let directory: string;

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-luks-')));
  const magic = Buffer.alloc(2 ** 20);
  magic.write('LUKS\xba\xbe', 'latin1');
  await writeFile(join(directory, 'disk.img'), magic);
  const names = ['-b', 'disk.img', '-F', 'raw', join(directory, 'top.qcow2')];
  await runTool('qemu-img', ['create', '-q', '-f', 'qcow2', ...names]);
});

afterAll(() => rm(directory, { recursive: true }));

async function warningsOf(reader: DiskReader, source: DiskSource): Promise<string[]> {
  const warnings: string[] = [];
  const options = { allowedDirectories: [directory], warn: (message: string) => void warnings.push(message) };
  const image = await openImage(reader, source, options);
  const bytes = Buffer.alloc(6);
  await image.read(bytes, 0);
  await image.close();
  expect(bytes.equals((await readFile(join(directory, 'disk.img'))).subarray(0, 6))).toBe(true);
  return warnings;
}

describe.each([
  ['raw', new RawReader()],
  ['qemu', new QemuReader()],
])('LUKS ciphertext', (name, reader) => {
  test(`is read with one warning by ${name}`, async () => {
    const path = join(directory, 'disk.img');
    expect(await warningsOf(reader, { path })).toEqual([
      `${path}: it is encrypted with LUKS, so ciphertext is compared, and encrypted clones of one disk look unrelated; decrypt it, or give its key, to compare its content`,
    ]);
  });

  test(`is read without a warning by ${name} if the format raw is stated`, async () => {
    expect(await warningsOf(reader, { path: join(directory, 'disk.img'), format: 'raw' })).toEqual([]);
  });
});

test('LUKS ciphertext below an overlay also results in a warning', async () => {
  const warnings = await warningsOf(new QemuReader(), { path: join(directory, 'top.qcow2') });
  expect(warnings).toEqual([expect.stringMatching(/disk\.img: it is encrypted with LUKS/)]);
});
