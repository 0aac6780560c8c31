import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createAnalyzer, type HashOutcome, type Plugin, writeHashVector } from '@virt-similarity/core';
import { MemoryDisksPlugin } from '@virt-similarity/testing';

const OPTIONS = { hasher: 'first-byte', blockSize: 512 };
const DISKS = { 'memory:a': new Uint8Array(1024).fill(1), 'memory:b': new Uint8Array(1024).fill(1) };

/** Returns a plugin with a hasher whose digests depend on `offset`. Without a `url`, it runs in the main thread. */
function firstByte(offset: number, version?: unknown): Plugin {
  class FirstByteHasher {
    readonly digestLength = 1;
    readonly version = version as string;
    hash(block: Uint8Array, digest: Uint8Array): void {
      digest[0] = block[0]! + offset;
    }
  }
  return { name: 'first-byte', hashers: { 'first-byte': FirstByteHasher } };
}

let directory: string;
let cache: string;
let notes: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'versions-'));
  cache = join(directory, 'cache');
  notes = [];
});

afterEach(() => rm(directory, { recursive: true }));

const analyzerOf = (plugin: Plugin) => createAnalyzer({ plugins: [new MemoryDisksPlugin(DISKS), plugin] });

async function hashed(plugin: Plugin, images: readonly string[]): Promise<readonly HashOutcome[]> {
  const outcomes: HashOutcome[] = [];
  const onNote = (level: string, message: string) => notes.push(`${level}: ${message}`);
  for await (const outcome of analyzerOf(plugin).hash(images, { ...OPTIONS, cache, onNote })) {
    outcomes.push(outcome);
  }
  return outcomes;
}

const isCached = (outcomes: readonly HashOutcome[]) => outcomes.map((outcome) => 'cached' in outcome && outcome.cached);

test('a vector in the cache is not used for another version of its hasher', async () => {
  await hashed(firstByte(0, '1'), ['memory:a']);
  expect(isCached(await hashed(firstByte(0, '1'), ['memory:a']))).toEqual([true]);
  const { distances } = await analyzerOf(firstByte(1, '2')).analyze(Object.keys(DISKS), { ...OPTIONS, cache });
  expect([...distances.values]).toEqual([0]);
});

test('vectors of a hasher with neither a version nor a module are not cached, with one warning', async () => {
  await hashed(firstByte(0), Object.keys(DISKS));
  expect(notes.filter((note) => note.startsWith('warning'))).toEqual([
    'warning: hash vectors of first-byte are not cached: the hasher has no version and its plugin has no readable ' +
      'url; give the hasher a version',
  ]);
  expect(await readdir(cache).catch(() => [])).toEqual([]);
  const { distances } = await analyzerOf(firstByte(1)).analyze(Object.keys(DISKS), { ...OPTIONS, cache });
  expect([...distances.values]).toEqual([0]);
});

test.each(['', 7, 'x'.repeat(101)])('refuses %j as a version', (version) => {
  expect(() => analyzerOf(firstByte(0, version)).hasherVersion('first-byte')).toThrow(
    /^\[.+\] expected hasher first-byte to have a version of 1 to 100 characters, found .+; fix the hasher$/,
  );
});

test('a named vector of another version is refused, but a vector without a version is accepted', async () => {
  const [outcome] = await hashed(firstByte(0, '1'), ['memory:a']);
  const { vector } = outcome as HashOutcome & { vector: Parameters<typeof writeHashVector>[0] };
  const { hasherVersion, ...unversioned } = vector;
  expect(hasherVersion).toBe('1');
  const [old, oldest] = [join(directory, 'old.arrow'), join(directory, 'oldest.arrow')];
  await writeHashVector(vector, old);
  await writeHashVector(unversioned, oldest);
  expect(await hashed(firstByte(0, '1'), [old])).toMatchObject([{ path: old, vector: { hasherVersion: '1' } }]);
  expect(await hashed(firstByte(0, '2'), [old])).toMatchObject([
    {
      error: {
        code: 'usage',
        message: `${old} holds digests of first-byte version 1, but the first-byte in use is version 2; hash the image again`,
      },
    },
  ]);
  expect(await hashed(firstByte(0), [old])).toMatchObject([
    { error: { code: 'usage', message: expect.stringContaining('but the first-byte in use has no version; hash') } },
  ]);
  expect(await hashed(firstByte(0, '2'), [oldest])).toMatchObject([{ path: oldest, vector: { dataBlocks: 2 } }]);
});
