import { access, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Extent, ReadOptions } from '@virt-similarity/core';
import { QemuReader } from '@virt-similarity/readers';
import { openImage, withFakeProgram } from '../../../fixtures/index.js';
import { ascii, be64, fileWith, qcow2File } from '../inspection/headers.js';

let directory: string;

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-qemu-')));
});

afterAll(() => rm(directory, { recursive: true }));

test('an image recognised only by its header causes one note, when it is opened', async () => {
  const path = join(directory, 'cloud.img');
  await writeFile(path, qcow2File());
  const notes: string[] = [];
  const options = { allowedDirectories: [directory], warn: (message: string) => void notes.push(message) };
  const reader = new QemuReader();
  const identity = await reader.identify({ path }, options);
  expect(await reader.identify({ path }, options)).toEqual(identity);
  expect(notes).toEqual([]);
  const image = await reader.open({ path }, identity!, options);
  await image.close();
  expect(notes).toEqual([`${path}: treated as qcow2, because its header says so`]);
});

test('the signal ends opening and mapping, and the qemu-img that they wait for', async () => {
  const path = join(directory, 'mapped-by-qemu.dmg');
  await writeFile(path, fileWith(1024, { 512: ascii('koly'), 1004: be64(1) }));
  const started = join(directory, 'started');
  await withFakeProgram(
    'qemu-img',
    `echo $$ >${started}.new; mv ${started}.new ${started}; exec sleep 60`,
    async () => {
      const interrupt = new AbortController();
      const options = { allowedDirectories: [directory], sandbox: 'off', signal: interrupt.signal } as const;
      const mapping = mapOf(new QemuReader(), path, options).catch((error: unknown) => error);
      const pid = await contentOf(started);
      interrupt.abort();
      expect(await mapping).toMatchObject({ code: 'aborted' });
      await expect(access(`/proc/${pid}`)).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );
});

async function mapOf(reader: QemuReader, path: string, options: ReadOptions): Promise<Extent[]> {
  const image = await openImage(reader, { path }, options);
  try {
    const extents: Extent[] = [];
    for await (const extent of image.extents()) {
      extents.push(extent);
    }
    return extents;
  } finally {
    await image.close();
  }
}

async function contentOf(path: string): Promise<string> {
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) {
      return text.trim();
    }
    await delay(10);
  }
}
