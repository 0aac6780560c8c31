import { describe, expect, test } from '@jest/globals';
import { hashVectorOf } from '@virt-similarity/core';
import { contentOf, exampleVector } from './example-vectors.js';

const HEADER = { name: 'a.raw', algorithm: 'md5', digestLength: 2, blockSize: 512, virtualSize: 1025 };
const made = (changes: object, blocks: number[], bytes: number) => () =>
  hashVectorOf({ ...HEADER, ...changes }, Uint32Array.from(blocks), new Uint8Array(bytes));

describe('a hash vector in memory', () => {
  test('yields views of its arrays on every call', async () => {
    const digests = Uint8Array.of(1, 2, 3, 4);
    const vector = hashVectorOf(HEADER, Uint32Array.of(0, 2), digests);
    expect(vector.dataBlocks).toBe(2);
    for (let call = 0; call < 2; call += 1) {
      for await (const rows of vector.rows()) {
        expect(rows.digests.buffer).toBe(digests.buffer);
        expect([...rows.blocks]).toEqual([0, 2]);
      }
    }
  });

  test('yields no batch if it has no rows', async () => {
    for await (const _ of exampleVector(0).rows()) {
      throw new Error('a batch');
    }
  });

  test('yields all rows of several batches in order', async () => {
    const { blocks } = await contentOf(exampleVector(20_000));
    expect(blocks).toEqual(Array.from({ length: 20_000 }, (_, row) => row * 3));
  });

  test.each([
    ['too few digests', made({}, [0], 1)],
    ['a repeated block', made({}, [1, 1], 4)],
    ['descending blocks', made({}, [2, 1], 4)],
    ['a block past the end', made({}, [3], 2)],
    ['a block size that is not a power of two', made({ blockSize: 513 }, [0], 2)],
    ['a block size that is too small', made({ blockSize: 256 }, [0], 2)],
    ['a block size that is too large', made({ blockSize: 2 ** 25 }, [0], 2)],
    ['a digest of 65 bytes', made({ digestLength: 65 }, [0], 65)],
    ['a negative virtual size', made({ virtualSize: -1 }, [], 0)],
    ['a fractional virtual size', made({ virtualSize: 0.5 }, [], 0)],
    ['more blocks than 32 bits can number', made({ virtualSize: 2 ** 41 + 1 }, [], 0)],
    ['an empty algorithm', made({ algorithm: '' }, [], 0)],
  ])('refuses %s', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'usage', image: 'a.raw' }));
  });
});
