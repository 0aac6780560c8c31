import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openHashVector, VirtSimilarityError, writeHashVector } from '@virt-similarity/core';
import { forgedNumbers } from '../fixtures/forged-numbers.js';
import { contentOf, exampleVector, IDENTITY, inDirectory } from '../unit/core/vectors/example-vectors.js';

/** Few, because thousands of files are written and read. */
const ROWS = 3;

/** Opens and reads a file with these bytes. The only allowed error is `corrupt`. */
async function read(path: string, bytes: Uint8Array): Promise<'corrupt' | 'read'> {
  await writeFile(path, bytes);
  try {
    const { header, blocks } = await contentOf(await openHashVector(path));
    // Changes to a digest or a name cannot be detected, but the vector is valid.
    expect(blocks).toHaveLength(header.dataBlocks);
    return 'read';
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(VirtSimilarityError);
    expect((thrown as VirtSimilarityError).code).toBe('corrupt');
    expect((thrown as VirtSimilarityError).message).not.toContain('\n');
    return 'corrupt';
  }
}

async function smallFile(directory: string): Promise<{ path: string; bytes: Buffer }> {
  const path = join(directory, 'v.arrow');
  await writeHashVector(exampleVector(ROWS, { digestLength: 8, identity: { chain: IDENTITY.chain.slice(1) } }), path);
  return { path, bytes: await readFile(path) };
}

describe('a hostile hash-vector file', () => {
  test('is corrupt if it is truncated to any length', () =>
    inDirectory(async (directory) => {
      const { path, bytes } = await smallFile(directory);
      for (let length = 0; length < bytes.length; length += 1) {
        expect([length, await read(path, bytes.subarray(0, length))]).toEqual([length, 'corrupt']);
      }
    }));

  test.each([0x01, 0xff])('is corrupt or valid with any byte changed by XOR with %d', (mask) =>
    inDirectory(async (directory) => {
      const { path, bytes } = await smallFile(directory);
      const outcomes = { corrupt: 0, read: 0 };
      for (let at = 0; at < bytes.length; at += 1) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(at) ^ mask, at);
        outcomes[await read(path, changed)] += 1;
      }
      expect(outcomes.corrupt).toBeGreaterThan(100);
    }),
  );

  test.each(['12345678', '"unended', '[{},{},1'])('is corrupt if a name that is not UTF-8 is encoded as %s', (name) =>
    inDirectory(async (directory) => {
      const path = join(directory, 'v.arrow');
      await writeHashVector(exampleVector(1, { name: '\udcff' }), path);
      const text = (await readFile(path)).toString('latin1');
      expect(text.split('"\\udcff"')).toHaveLength(3); // once at each end of the file
      expect(await read(path, Buffer.from(text.replaceAll('"\\udcff"', name), 'latin1'))).toBe('corrupt');
    }),
  );

  test('is corrupt with bytes appended', () =>
    inDirectory(async (directory) => {
      const { path, bytes } = await smallFile(directory);
      expect(await read(path, Buffer.concat([bytes, Buffer.alloc(8)]))).toBe('corrupt');
    }));

  test.each([10n ** 9n, 2n ** 32n, 2n ** 53n, 2n ** 62n, -1n])('is corrupt with %d as its number of rows', (count) =>
    inDirectory(async (directory) => {
      const { path, bytes } = await smallFile(directory);
      const forged = forgedNumbers(bytes, BigInt(ROWS), count);
      expect(forged.length).toBeGreaterThanOrEqual(3);
      for (const copy of forged) {
        expect(await read(path, copy)).toBe('corrupt');
      }
    }),
  );

  test('does not allocate much memory if any number that could be a length is huge', () =>
    inDirectory(async (directory) => {
      const { path, bytes } = await smallFile(directory);
      const started = process.memoryUsage().arrayBuffers;
      for (let at = 8; at + 4 <= bytes.length; at += 4) {
        for (const value of [0x7fffffff, 0xffffffff]) {
          const copy = Buffer.from(bytes);
          copy.writeUInt32LE(value, at);
          await read(path, copy);
        }
      }
      expect(process.memoryUsage().arrayBuffers - started).toBeLessThan(200e6);
    }));

  test('is corrupt if it is random, with or without the signature at its ends', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'v');
      let state = 1;
      const random = () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return state >>> 24;
      };
      for (let round = 0; round < 200; round += 1) {
        const bytes = Buffer.from(Array.from({ length: 20 + 3 * round }, random));
        expect(await read(path, bytes)).toBe('corrupt');
        bytes.write('ARROW1', 0);
        bytes.write('ARROW1', bytes.length - 6);
        bytes.writeUInt32LE(round, bytes.length - 10);
        expect(await read(path, bytes)).toBe('corrupt');
      }
    }));
});
