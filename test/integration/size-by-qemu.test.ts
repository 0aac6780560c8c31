import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mapEntries } from '#image-tools/qemu/map-entries.js';
import { ServedBytes } from '#image-tools/qemu/served-bytes.js';
import { inspectedImage, realLayer } from '../fixtures/inspected-image.js';
import { runTool } from '../fixtures/run-tool.js';

const CALL = { component: 'qemu', image: 'a.qcow2', sandbox: 'off' } as const;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-size-'));
});

afterEach(() => rm(directory, { recursive: true }));

/** Creates an image of 1 MiB and returns an inspection result with the given size in bytes. */
async function created(format: 'qcow2' | 'vdi', virtualSize: number) {
  const path = join(directory, `disk.${format}`);
  await runTool('qemu-img', ['create', '-q', '-f', format, path, '1M']);
  return inspectedImage({ format, path, file: realLayer(path), virtualSize });
}

describe('an image of 1 MiB with an inspected size', () => {
  test.each([
    [2 ** 20, 'mapped'],
    [2 ** 20 - 1, 'mapped'],
    [2 ** 20 - 512, 'refused'],
    [2 ** 20 + 512, 'corrupt'],
  ])('of %d bytes is %s', async (virtualSize, outcome) => {
    const image = await created('vdi', virtualSize);
    const map = async () => {
      for await (const _ of mapEntries(image, virtualSize, CALL)) {
      }
      return 'mapped';
    };
    expect(await map().catch(({ code }) => code)).toBe(outcome);
  });

  test.each([
    [2 ** 20, 'read'],
    [2 ** 20 - 1, 'read'],
    [2 ** 20 + 1, 'refused'],
    [2 ** 20 - 512, 'refused'],
  ])('of %d bytes, served by qemu-nbd, is %s', async (virtualSize, outcome) => {
    const served = new ServedBytes(await created('qcow2', virtualSize), CALL);
    const read = served.read(Buffer.alloc(1), 0).then(() => 'read');
    expect(await read.catch(({ code }) => code)).toBe(outcome);
    await served.close();
  });
});
