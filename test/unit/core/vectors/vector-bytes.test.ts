import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { hashVectorFromBytes, hashVectorToBytes, writeHashVector } from '@virt-similarity/core';
import { contentOf, exampleVector, IDENTITY, inDirectory } from './example-vectors.js';

describe('the bytes of a hash vector', () => {
  test('equal those of its file', () =>
    inDirectory(async (directory) => {
      const vector = exampleVector(100, { identity: IDENTITY });
      const path = join(directory, 'v.arrow');
      await writeHashVector(vector, path);
      expect(Buffer.from(await hashVectorToBytes(vector)).equals(await readFile(path))).toBe(true);
    }));

  test.each([0, 1, 8192, 8193, 24_577])('represent a vector of %d rows', async (rows) => {
    const vector = exampleVector(rows, { identity: IDENTITY, name: 'image \udc80' });
    const bytes = await hashVectorToBytes(vector);
    expect(await contentOf(await hashVectorFromBytes(bytes))).toEqual(await contentOf(vector));
  });

  test('are copied, so that later changes do not affect the vector', async () => {
    const vector = exampleVector(10);
    const bytes = await hashVectorToBytes(vector);
    const read = await hashVectorFromBytes(bytes);
    bytes.fill(0);
    expect(await contentOf(read)).toEqual(await contentOf(vector));
  });

  test('can start at an unaligned position in a buffer', async () => {
    const vector = exampleVector(10);
    const shifted = Buffer.concat([Buffer.alloc(3), await hashVectorToBytes(vector)]).subarray(3);
    expect(await contentOf(await hashVectorFromBytes(shifted))).toEqual(await contentOf(vector));
  });

  test('are refused as corrupt if they are truncated', async () => {
    const bytes = await hashVectorToBytes(exampleVector(3));
    for (let length = 0; length < bytes.length; length += 7) {
      await expect(hashVectorFromBytes(bytes.subarray(0, length), 'x')).rejects.toMatchObject({
        code: 'corrupt',
        message: expect.stringMatching(/^cannot read x as a hash vector: expected/),
      });
    }
  });

  test('are refused as corrupt if block numbers do not ascend', async () => {
    const vector = exampleVector(3);
    const bytes = await hashVectorToBytes(vector);
    const ascending = Buffer.from(Uint32Array.of(0, 3, 6).buffer);
    const place = Buffer.from(bytes).indexOf(ascending);
    bytes.set(Buffer.from(Uint32Array.of(0, 6, 3).buffer), place);
    await expect(hashVectorFromBytes(bytes)).rejects.toMatchObject({ code: 'corrupt' });
  });
});
