import { expect, test } from '@jest/globals';
import { readExactly } from '#readers/inspection/formats/header-fields.js';

/** Returns a file of this reported size that contains only `left` bytes. */
function fileOf(size: number, left: number) {
  return {
    name: 'image',
    size,
    read: async (position: number, length: number) => Buffer.alloc(length, 7).subarray(0, left - position),
  };
}

test('bytes within the file are read', async () => {
  await expect(readExactly(fileOf(600, 600), 100, 500, 'table')).resolves.toEqual(Buffer.alloc(500, 7));
});

test.each([
  ['before the start of the file', 600, 600, -424, /^its table is truncated; /],
  ['past its end', 600, 600, 101, /^its table ends at byte 601, but the file has only 600 bytes: /],
  ['past the end of a truncated file', 600, 599, 100, /^its table is truncated; /],
])('bytes %s are corrupt', async (_, size, left, position, message) => {
  await expect(readExactly(fileOf(size, left), position, 500, 'table')).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringMatching(message),
  });
});
