import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createAnalyzer, type HashOutcome, type Plugin } from '@virt-similarity/core';
import { MemoryDisksPlugin } from '@virt-similarity/testing';
import doubtful from '../fixtures/doubtful-hashers.js';

const DISKS = { 'memory:a': new Uint8Array(1024).fill(1), 'memory:b': new Uint8Array(1024).fill(2) };

const PROBLEMS: readonly (readonly [hasher: string, problem: string])[] = [
  ['async', 'to write the digest before it returns, found that it returns a promise'],
  ['late', 'to write 32 bytes of digest before it returns, found byte 0 unwritten'],
  ['thenable', 'to write the digest before it returns, found that it returns a promise'],
  ['sometimes-async', 'to write the digest before it returns, found that it returns a promise'],
  ['short', 'to write 32 bytes of digest before it returns, found byte 31 unwritten'],
  ['long', 'to write 16 bytes of digest, found that it writes outside of them'],
  ['zeros', 'to write a digest, found only zeros for a non-zero block'],
  ['random', 'to write equal digests for equal blocks, found two digests for one block'],
  ['stateful', 'to write equal digests for equal blocks, found two digests for one block'],
  ['changes-block', 'not to change the block, found that it does'],
];

let cache: string;

beforeEach(async () => {
  cache = join(await mkdtemp(join(tmpdir(), 'doubtful-')), 'cache');
});

afterEach(async () => {
  await rm(join(cache, '..'), { recursive: true });
});

/** The ways to run the hashers: in threads, in threads with a time limit, or in the main thread. */
const PLACES: readonly (readonly [string, (plugin: Plugin) => { plugins: Plugin[]; isolated?: Plugin[] }])[] = [
  ['threads', (plugin) => ({ plugins: [plugin] })],
  ['isolated threads', (plugin) => ({ plugins: [], isolated: [plugin] })],
  ['the main thread', ({ name, hashers = {} }) => ({ plugins: [{ name, hashers }] })],
];

async function failuresOf(hasher: string, compose: (typeof PLACES)[number][1]): Promise<string[]> {
  const { plugins, isolated = [] } = compose(doubtful);
  const analyzer = createAnalyzer({ plugins: [new MemoryDisksPlugin(DISKS), ...plugins], isolated });
  const outcomes: HashOutcome[] = [];
  for await (const outcome of analyzer.hash(Object.keys(DISKS), { hasher, blockSize: 512, cache })) {
    outcomes.push(outcome);
  }
  expect(outcomes).toEqual(Object.keys(DISKS).map(() => expect.objectContaining({ error: expect.anything() })));
  return outcomes.map((outcome) =>
    outcome.error !== undefined ? `${outcome.error.code}: ${outcome.error.message}` : '',
  );
}

describe.each(PLACES)('in %s, a hasher', (_, compose) => {
  test.each(PROBLEMS)(
    'that breaks the contract of hashers is refused, and no result is cached: %s',
    async (name, problem) => {
      const message = `plugin: [${name}] expected hash() ${problem}; fix the hasher`;
      expect(await failuresOf(name, compose)).toEqual([message, message]);
      expect(await readdir(cache).catch(() => [])).toEqual([]);
    },
  );
});

describe.each(PLACES.slice(0, 2))('in %s, a hasher', (_, compose) => {
  test('whose digests depend on the thread is refused', async () => {
    const problem = 'to write equal digests for equal blocks in every thread, found two digests for one block';
    const message = `plugin: [seeded] expected hash() ${problem}; fix the hasher`;
    expect(await failuresOf('seeded', compose)).toEqual([message, message]);
  });

  test('whose digests are longer in a thread is refused', async () => {
    const problem = 'expected digests of 8 bytes, as in the main thread, found 16 in a worker thread';
    const message = `plugin: [unequal] ${problem}; fix the hasher`;
    expect(await failuresOf('unequal', compose)).toEqual([message, message]);
  });
});
