import { mkdtemp, realpath, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { FORMAT_NAMES } from '#readers/inspection/format-names.js';
import { inspect } from '#readers/inspection/inspect.js';
import { requireTables } from '#readers/inspection/require-tables.js';
import { be64, qcow2File } from './headers.js';

const directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-tables-')));
afterAll(() => rm(directory, { recursive: true }));
const options = { allowedDirectories: [directory] };
const L1 = 0x30000;

async function write(name: string, content: Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

const callOf = (path: string) => ({ component: 'qemu', image: path });

describe('the tables of a chain', () => {
  test('are all checked, and errors name the file', async () => {
    const base = qcow2File();
    await write('base.qcow2', base);
    const path = await write('top.qcow2', qcow2File({ backing: 'base.qcow2', backingFormat: 'qcow2' }));
    const image = await inspect({ path }, options);
    await expect(requireTables(image, callOf(path))).resolves.toBeUndefined();
    be64(2 ** 40).copy(base, L1);
    const basePath = await write('base.qcow2', base);
    const damaged = await inspect({ path }, options);
    await expect(requireTables(damaged, callOf(path))).rejects.toMatchObject({
      code: 'corrupt',
      image: path,
      message: expect.stringContaining(`${basePath}: its L2 table ends at byte`),
    });
  });

  test('that are damaged in the image itself are reported with its path', async () => {
    const content = qcow2File();
    be64(2 ** 40).copy(content, L1);
    const path = await write('damaged.qcow2', content);
    await expect(requireTables(await inspect({ path }, options), callOf(path))).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/damaged\.qcow2: its L2 table ends at byte/),
    });
  });

  test('are not required for a format without tables', async () => {
    const path = await write('a.raw', Buffer.alloc(512));
    await expect(requireTables(await inspect({ path }, options), callOf(path))).resolves.toBeUndefined();
  });

  test('that are truncated after the inspection are reported as changed', async () => {
    const path = await write('cut.qcow2', qcow2File());
    const image = await inspect({ path }, options);
    await truncate(path, (await stat(path)).size - 65_536);
    await expect(requireTables(image, callOf(path))).rejects.toMatchObject({ code: 'changed' });
  });
});

test('FORMAT_NAMES lists every format', () => {
  expect(FORMAT_NAMES).toEqual([
    ...['raw', 'qcow2', 'qcow', 'vmdk', 'vdi', 'vhdx', 'vpc', 'qed', 'parallels', 'dmg', 'luks'],
  ]);
});
