import { mkdtemp, open, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Extent } from '@virt-similarity/core';
import { RawReader } from '@virt-similarity/readers';
import { openImage, runTool } from '../fixtures/index.js';

const MIB = 1 << 20;
let directory: string;

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'virt-similarity-holes-')));
  // Without qemu-img, the reader reports no holes, so the test requires qemu-img.
  await runTool('qemu-img', ['--version']);
});

afterAll(() => rm(directory, { recursive: true }));

/** Writes a file with 1 MiB of data at the given position and holes elsewhere. */
async function sparseFile(name: string, size: number, position: number): Promise<string> {
  const path = join(directory, name);
  const file = await open(path, 'w');
  await file.truncate(size);
  await file.write(Buffer.alloc(MIB, 'data'), 0, MIB, position);
  await file.sync();
  await file.close();
  return path;
}

test.each(['plain.img', 'a,b "c" d\\e:f\n%g.img', '-U.img', 'json:{}.img', 'größe.img'])(
  'the holes of a raw image named %j are found',
  async (name) => {
    const size = 64 * MIB + 1000;
    const image = await openImage(
      new RawReader(),
      { path: await sparseFile(name, size, 16 * MIB) },
      { allowedDirectories: [directory] },
    );
    const extents: Extent[] = [];
    for await (const extent of image.extents()) {
      extents.push(extent);
    }
    await image.close();
    expect(extents).toEqual([
      { kind: 'zero', start: 0, length: 16 * MIB },
      { kind: 'data', start: 16 * MIB, length: MIB, stored: { file: 0, offset: 16 * MIB } },
      { kind: 'zero', start: 17 * MIB, length: 47 * MIB + 1000 },
    ]);
  },
);

test('the search for holes ends when the signal fires', async () => {
  const controller = new AbortController();
  const options = { allowedDirectories: [directory], signal: controller.signal };
  const image = await openImage(new RawReader(), { path: await sparseFile('aborted.img', 8 * MIB, 0) }, options);
  controller.abort();
  await expect(image.extents()[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'aborted' });
  await image.close();
});
