import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { QemuReader } from '@virt-similarity/readers';
import { qcow2File } from '../inspection/headers.js';

let directory: string;

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-qemu-')));
});

afterAll(() => rm(directory, { recursive: true }));

test('an image that only its header speaks for is noted once, when it is opened', async () => {
  const path = join(directory, 'cloud.img');
  await writeFile(path, qcow2File());
  const notes: string[] = [];
  const options = { allowedDirectories: [directory], warn: (message: string) => void notes.push(message) };
  const reader = new QemuReader();
  await reader.canRead({ path }, options);
  await reader.identify({ path }, options);
  expect(notes).toEqual([]);
  const image = await reader.open({ path }, options);
  await image.close();
  expect(notes).toEqual([`${path}: taken as qcow2, because its header says so`]);
});
