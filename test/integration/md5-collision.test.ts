import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANALYZE_DEFAULTS, createAnalyzer } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { COLLIDING_MESSAGES } from '../faults/inputs/colliding-blocks.js';

const BLOCK = 65_536;

/** Two different blocks with the same MD5. */
const BLOCKS = COLLIDING_MESSAGES.map((message) => Buffer.concat([message, Buffer.alloc(BLOCK - message.length, 7)]));

describe('two blocks with the same MD5', () => {
  let directory: string;
  let images: string[];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'md5-collision-'));
    images = ['one.raw', 'two.raw'].map((name) => join(directory, name));
    for (const [index, path] of images.entries()) {
      await writeFile(path, Buffer.concat([Buffer.alloc(BLOCK, 1), BLOCKS[index]!]));
    }
  });

  afterAll(() => rm(directory, { recursive: true }));

  const distanceBy = async (hasher?: string): Promise<number | undefined> => {
    const analyzer = createAnalyzer({ plugins: [readers, hashers] });
    return (await analyzer.analyze(images, hasher === undefined ? {} : { hasher })).distances.values[0];
  };

  test('differ, have equal MD5 digests, and begin with the published messages', () => {
    const [one, two] = BLOCKS.map((block) => createHash('md5').update(block).digest('hex'));
    expect(one).toBe(two);
    expect(BLOCKS[0]!.equals(BLOCKS[1]!)).toBe(false);
    expect(createHash('md5').update(COLLIDING_MESSAGES[0]!).digest('hex')).toBe('79054025255fb1a26e4bc422aef54eb4');
  });

  test.each(['sha256', 'blake3', 'xxh128'])('are distinguished by %s', async (hasher) => {
    expect(await distanceBy(hasher)).toBe(1);
  });

  test('are distinguished by default', async () => {
    expect(ANALYZE_DEFAULTS.hasher).toBe('sha256');
    expect(await distanceBy()).toBe(1);
  });

  test('are not distinguished by md5', async () => {
    expect(await distanceBy('md5')).toBe(0);
  });
});
