import { expect, test } from '@jest/globals';
import { createAnalyzer, type ProgressEvent } from '@virt-similarity/core';
import { MemoryDisksPlugin } from '@virt-similarity/testing';
import checksums from '../fixtures/checksum-plugin.js';

test('an analysis reads no image if memory does not suffice for all pairs', async () => {
  const disks = new MemoryDisksPlugin({ 'memory:0': new Uint8Array(512) });
  const images = Array.from({ length: 200_000 }, (_, index) => `memory:${index}`);
  const events: ProgressEvent[] = [];
  const options = { hasher: 'checksum', blockSize: 512, onProgress: (event: ProgressEvent) => events.push(event) };
  await expect(createAnalyzer({ plugins: [disks, checksums] }).analyze(images, options)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/^cannot compare 200000 images: expected 298\.0 GiB of memory, found /),
  });
  expect(events).toEqual([]);
  expect(disks.opened).toEqual([]);
});
