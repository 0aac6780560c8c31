import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type AnalyzeOptions, createAnalyzer, type DiskKey, readDiskKey } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { deterministicBytes, encryptDisk, settled } from '../fixtures/index.js';

const BLOCK = 65_536;
const SIZE = 64 * BLOCK;
/** The blocks at which the clones differ. */
const CHANGED = [3, 17, 40];

const analyzer = createAnalyzer({ plugins: [readers, hashers] });

let directory: string;
let keys: DiskKey[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-clones-'));
  const content = Buffer.alloc(SIZE);
  deterministicBytes('encrypted', 48 * BLOCK).copy(content);
  await writeFile(at('one.raw'), content);
  for (const block of CHANGED) {
    content.fill(block, block * BLOCK, block * BLOCK + 100);
  }
  await writeFile(at('two.raw'), content);
  for (const [name, passphrase] of [
    ['one', 'first-words'],
    ['two', 'second-words'],
  ] as const) {
    await writeFile(at(`${name}.key`), passphrase, { mode: 0o600 });
    for (const format of ['luks', 'qcow2'] as const) {
      await encryptDisk(at(`${name}.raw`), at(`${name}.${format}`), passphrase, format, SIZE);
    }
  }
  await settled((await readdir(directory)).map(at));
});

beforeEach(async () => {
  keys = await Promise.all(['one', 'two'].map((name) => readDiskKey(`all:file:${at(`${name}.key`)}`)));
});

afterAll(() => rm(directory, { recursive: true }));

function at(name: string): string {
  return join(directory, name);
}

/** Analyzes images and returns their distances and what was read of them. */
async function analyzed(names: readonly string[], options: AnalyzeOptions) {
  const { images, distances, failures } = await analyzer.analyze(names.map(at), options);
  expect(failures).toEqual([]);
  return { distances: [...distances.values], encryption: images.map(({ encryption }) => encryption) };
}

/** Returns the names of the images that a run takes from the cache. */
async function cachedIn(cache: string, names: readonly string[], options: AnalyzeOptions): Promise<string[]> {
  const cached: string[] = [];
  await analyzer.analyze(names.map(at), {
    ...options,
    cache,
    onProgress: (event) => {
      if (event.kind === 'image-finished' && event.cached) {
        cached.push(event.path);
      }
    },
  });
  return cached.sort();
}

describe.each(['luks', 'qcow2'] as const)('%s clones under different keys', (format) => {
  const clones = [`one.${format}`, `two.${format}`];

  test.each(['qemu', 'auto'])('have their true distance with keys, by the reader %s', async (reader) => {
    const truth = await analyzed(['one.raw', 'two.raw'], { cache: false });
    expect(truth).toEqual({ distances: [CHANGED.length], encryption: [undefined, undefined] });
    const { distances, encryption } = await analyzed(clones, { cache: false, keys, reader });
    expect([distances, encryption]).toEqual([truth.distances, ['decrypted', 'decrypted']]);
  });

  test('equal the clear disks, also below an encrypted overlay', async () => {
    const { distances } = await analyzed([...clones, 'one.raw', 'two.raw'], { cache: false, keys });
    expect(distances).toEqual([3, 0, 3, 3, 0, 3]);
  });

  test('look unrelated without keys, and are marked as ciphertext', async () => {
    const warnings: string[] = [];
    const onNote = (_: string, note: string) => void warnings.push(note);
    const { distances, encryption } = await analyzed(clones, { cache: false, onNote });
    expect(distances[0]).toBeGreaterThanOrEqual(48);
    expect(encryption).toEqual(['ciphertext', 'ciphertext']);
    expect(warnings.filter((warning) => warning.includes('ciphertext is compared'))).toHaveLength(2);
  });

  test('are cached decrypted only if that is allowed, and never for another key', async () => {
    const cache = at(`cache-${format}`);
    const paths = clones.map(at);
    await cachedIn(cache, clones, {});
    // The ciphertext is cached, and is still ciphertext in reports.
    expect(await cachedIn(cache, clones, {})).toEqual(paths);
    expect((await analyzed(clones, { cache })).encryption).toEqual(['ciphertext', 'ciphertext']);
    expect(await cachedIn(cache, clones, { keys })).toEqual([]);
    expect(await cachedIn(cache, clones, { keys, cacheDecrypted: true })).toEqual([]);
    expect(await cachedIn(cache, clones, { keys, cacheDecrypted: true })).toEqual(paths);
    expect((await analyzed(clones, { cache, keys, cacheDecrypted: true })).distances).toEqual([CHANGED.length]);
    expect(await cachedIn(cache, clones, { keys })).toEqual([]);
    const [own] = keys;
    const outcomes = await analyzer
      .analyze(clones.map(at), { cache, keys: [own!], cacheDecrypted: true })
      .catch((thrown: unknown) => thrown);
    expect(inspect(outcomes)).toMatch(/cannot unlock any keyslot/);
  });
});

test('libguestfs reads decrypted disks, and refuses encrypted qcow2 images without a key', async () => {
  const options = { reader: 'libguestfs', cache: false } as const;
  const { distances } = await analyzed(['one.luks', 'two.qcow2'], { ...options, keys });
  expect(distances).toEqual([CHANGED.length]);
  const { failures } = await analyzer.analyze([at('one.qcow2'), at('one.raw'), at('two.raw')], options);
  expect(failures).toMatchObject([{ error: { code: 'refused', message: expect.stringMatching(/`reader: 'qemu'`/) } }]);
});
