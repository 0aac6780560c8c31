import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAnalyzer, type HashOutcome } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers from '@virt-similarity/readers';
import { deterministicBytes, runTool } from '../fixtures/index.js';

const analyzer = createAnalyzer({ plugins: [readers, hashers] });
const SIZE = 65_536;
/** The maximum number of attempts to write twice within one second. */
const ATTEMPTS = 30;

const isRoot = process.getuid?.() === 0;
if (!isRoot) {
  console.warn('skipped: tests of file systems with coarse times need root to mount them');
}

/** File systems. An image is not cached while its times are less than `granularity` milliseconds old. */
const FILE_SYSTEMS = [
  { name: 'ext3 with inodes of 128 bytes', options: ['-t', 'ext3', '-I', '128'], granularity: 2000, coarse: true },
  { name: 'ext4', options: ['-t', 'ext4'], granularity: 20, coarse: false },
] as const;

interface Hashed {
  readonly digests: string;
  readonly cached: boolean;
}

async function hash(path: string, cache: string): Promise<Hashed> {
  const outcomes: HashOutcome[] = [];
  for await (const outcome of analyzer.hash([{ path, format: 'raw' }], { cache })) {
    outcomes.push(outcome);
  }
  const [outcome] = outcomes;
  if (outcome === undefined || outcome.error !== undefined) {
    throw outcome?.error ?? new Error('no outcome');
  }
  let digests = '';
  for await (const rows of outcome.vector.rows()) {
    digests += Buffer.from(rows.digests).toString('hex');
  }
  return { digests, cached: outcome.cached };
}

async function timesOf(path: string): Promise<readonly bigint[]> {
  const { mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return [mtimeNs, ctimeNs];
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await sleep(5);
  }
}

(isRoot ? describe : describe.skip).each(FILE_SYSTEMS)('on $name', ({ options, granularity, coarse }) => {
  let directory: string;
  let mounted: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coarse-times-'));
    mounted = join(directory, 'mounted');
    await mkdir(mounted);
    await writeFile(join(directory, 'disk'), new Uint8Array(16 * 1024 * 1024));
    await runTool('mke2fs', ['-q', ...options, join(directory, 'disk')]);
    await runTool('mount', ['-o', 'loop', join(directory, 'disk'), mounted]);
  });

  afterAll(async () => {
    await runTool('umount', [mounted]);
    await rm(directory, { recursive: true });
  });

  test('reads an image again after a second write, even if the write did not change its times', async () => {
    const path = join(mounted, 'a.raw');
    const expected = await hash(await written('expected', 'new'), join(directory, 'other-cache'));
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const cache = join(directory, `cache-${attempt}`);
      // Starts early in a second, so that both writes happen within this second.
      if (coarse) {
        await until(async () => Date.now() % 1000 < 50);
      }
      await writeFile(path, deterministicBytes('old', SIZE));
      const before = await timesOf(path);
      await hash(path, cache);
      await writeFile(path, deterministicBytes('new', SIZE));
      const areTimesEqual = String(await timesOf(path)) === String(before);
      expect((await hash(path, cache)).digests).toBe(expected.digests);
      if (areTimesEqual || !coarse) {
        return;
      }
    }
    throw new Error(`expected two writes within one second in ${ATTEMPTS} attempts, found none`);
  });

  test('caches an image once its times are old enough', async () => {
    const cache = join(directory, 'cache');
    const path = await written('b.raw', 'content');
    const { mtimeMs, ctimeMs } = await stat(path);
    await until(async () => Date.now() > Math.max(mtimeMs, ctimeMs) + granularity + 1);
    expect((await hash(path, cache)).cached).toBe(false);
    expect(await readdir(cache)).toHaveLength(1);
    expect((await hash(path, cache)).cached).toBe(true);
  });

  async function written(name: string, seed: string): Promise<string> {
    const path = join(mounted, name);
    await writeFile(path, deterministicBytes(seed, SIZE));
    return path;
  }
});
