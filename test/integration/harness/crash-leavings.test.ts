import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { HashVectorCache, hashVectorOf } from '@virt-similarity/core';
import { type CrashTally, newTally } from '../../crash/faults.js';
import { inputStates, leftovers, verifyCache, verifyVectors } from '../../crash/leavings.js';
import { CommandRun } from '../../harness/command-run.js';

let stage: { directory: string; temporary: string; cache: string; vectors: string; images: string[] };
let tally: CrashTally;

beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-invariants-'));
  const [temporary, cache, vectors] = ['t', 'c', 'v'].map((name) => join(directory, name)) as [string, string, string];
  stage = { directory, temporary, cache, vectors, images: ['a.raw'] };
  for (const each of [temporary, cache, vectors]) {
    await mkdir(each, { mode: 0o700 });
  }
  await writeFile(join(directory, 'a.raw'), 'content');
  tally = newTally();
  jest.spyOn(console, 'log').mockImplementation(() => {});
});

afterEach(async () => {
  jest.restoreAllMocks();
  await rm(stage.directory, { recursive: true });
});

async function fillCache(): Promise<string> {
  const part = {
    kind: 'file',
    path: join(stage.directory, 'a.raw'),
    device: 1n,
    inode: 1n,
    size: 1n,
    mtimeNs: 1n,
    ctimeNs: 1n,
  } as const;
  const identity = { chain: [{ format: 'raw', parts: [part] }] };
  const made = { algorithm: 'sha256', hasherVersion: '1', digestLength: 32 };
  const header = { name: 'a.raw', ...made, blockSize: 512, virtualSize: 512, identity };
  await new HashVectorCache(stage.cache).store(hashVectorOf(header, Uint32Array.of(0), new Uint8Array(32)));
  const [entry] = await readdir(stage.cache);
  return join(stage.cache, entry!);
}

describe('the checks after a kill detect', () => {
  test('a child that is still running', async () => {
    const run = new CommandRun({
      command: ['sh', '-c', 'sleep 30 & echo $!; exec sleep 30'],
      directory: stage.directory,
      environment: { ...process.env, TMPDIR: stage.temporary },
      marker: stage.directory,
      hangMs: 300_000,
    });
    await new Promise((resolve) => run.process.stdout?.once('data', resolve));
    run.process.kill('SIGKILL');
    const { stdout, signal } = await run.ended;
    expect(signal).toBe('SIGKILL');
    expect(await run.orphans()).toEqual([`${stdout.trim()} sleep 30`]);
    expect(await run.orphans()).toEqual([]);
  });

  test('files that were left', async () => {
    await fillCache();
    expect(await leftovers(stage)).toEqual([]);
    const left = [join(stage.temporary, 'a'), join(stage.cache, '.a.tmp'), join(stage.vectors, '.a.tmp')];
    for (const path of left) {
      await writeFile(path, '');
    }
    expect((await leftovers(stage)).sort()).toEqual(left.sort());
  });

  test('a cache entry that is damaged or matches no image', async () => {
    const entry = await fillCache();
    await verifyCache(stage, tally, 'here');
    expect(tally.found('losses')).toBe(1);
    await truncate(entry, 100);
    await verifyCache(stage, tally, 'here');
    expect(tally.found('losses')).toBe(2);
    expect(tally.isClean).toBe(false);
  });

  test('a damaged hash-vector file', async () => {
    await writeFile(join(stage.vectors, 'a.arrow'), (await readFile(await fillCache())).subarray(0, 200));
    await verifyVectors(stage, tally, 'here');
    expect(tally.found('losses')).toBe(1);
  });

  test('an image that was written to', async () => {
    const before = await inputStates(stage);
    expect(await inputStates(stage)).toBe(before);
    await writeFile(join(stage.directory, 'a.raw'), 'Content');
    expect(await inputStates(stage)).not.toBe(before);
  });
});
