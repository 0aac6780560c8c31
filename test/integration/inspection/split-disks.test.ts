import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { createAnalyzer, type HashOptions } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers, { RawReader } from '@virt-similarity/readers';
import { diskReaderContract } from '@virt-similarity/testing';
import { deterministicBytes } from '../../fixtures/deterministic-bytes.js';
import { settled } from '../../fixtures/settled.js';

const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-split-'));
afterAll(() => rm(directory, { recursive: true }));
const at = (name: string) => join(directory, name);

/** Parts of 300,001 bytes do not end at sectors or blocks. */
const PART_BYTES = 300_001;
const CONTENT = Buffer.concat([deterministicBytes('first', 700_000), Buffer.alloc(500_000), Buffer.from('end')]);
await writeFile(at('disk.raw'), CONTENT);

/** Runs shell commands in the directory. */
function run(command: string): void {
  execFileSync('bash', ['-c', `set -e -o pipefail; ${command}`], { cwd: directory, stdio: 'pipe' });
}

afterEach(async () => {
  for (const name of await readdir(directory)) {
    if (name !== 'disk.raw' && !name.startsWith('whole.img.')) {
      await rm(at(name));
    }
  }
});

const analyzer = createAnalyzer({ plugins: [readers, hashers] });

/** Hashes a file. Returns the size and rows of its vector, or the error. */
async function hashed(name: string, options: HashOptions = {}, format?: string) {
  for await (const outcome of analyzer.hash([{ path: at(name), format }], { cache: false, ...options })) {
    if ('error' in outcome) {
      return outcome.error;
    }
    const rows: unknown[] = [];
    for await (const { blocks, digests } of outcome.vector.rows()) {
      rows.push([...blocks], Buffer.from(digests).toString('hex'));
    }
    return { virtualSize: outcome.vector.virtualSize, rows };
  }
  throw new Error('no outcome');
}

const RAW = await hashed('disk.raw');
const refusedWith = (message: RegExp) =>
  expect.objectContaining({ code: 'refused', message: expect.stringMatching(message) });

describe('a raw disk that is split into files', () => {
  run(`split -b ${PART_BYTES} -d -a 3 --numeric-suffixes=1 disk.raw whole.img.`);

  for (const { title, run: runTest } of diskReaderContract(async () => ({
    reader: new RawReader(),
    image: { source: { path: at('whole.img.001') }, options: { allowedDirectories: [directory] }, content: CONTENT },
  }))) {
    test(title, runTest);
  }

  test('has its later files listed as parts of its first file, which has the number 0 or 1', async () => {
    run(`split -b ${PART_BYTES} -d -a 3 disk.raw zero.img.`);
    const found = await new RawReader().partsIn(directory, await readdir(directory));
    const others = (stem: string, first: number) =>
      [1, 2, 3].map((part) => [`${stem}.img.00${first + part}`, `${stem}.img.00${first}`]);
    expect([...found].toSorted()).toEqual([...others('whole', 1), ...others('zero', 0)]);
  });

  test('has the same hash vector as the raw disk', async () => {
    expect(await hashed('whole.img.001')).toEqual(RAW);
    expect(await hashed('whole.img.001', {}, 'split')).toEqual(RAW);
    expect(await hashed('whole.img.001', {}, 'raw')).toMatchObject({ virtualSize: PART_BYTES });
  });

  test.each([
    ['numbers from 0', 'split -b 300001 -d -a 3 disk.raw other.', 'other.000'],
    ['numbers of nine digits', 'split -b 300001 -d -a 9 disk.raw other.raw.', 'other.raw.000000000'],
    ['parts of equal length', 'truncate -s 1200000 equal; split -n 4 -d -a 3 equal other.dd.', 'other.dd.000'],
    ['holes', 'truncate -s 1M a.001 a.002', 'a.001'],
  ])('can have %s', async (title, command, first) => {
    run(command);
    const isSame = title.startsWith('numbers');
    expect(await hashed(first)).toEqual(isSame ? RAW : expect.objectContaining({ virtualSize: expect.any(Number) }));
  });
});

describe('hashing refuses', () => {
  test.each([
    ['part 2 alone', 'cp whole.img.002 a.img.002', 'a.img.002', /there is no "a.img.001"; restore/],
    ['part 1 alone', 'cp whole.img.001 a.img.001', 'a.img.001', /there is no "a.img.002"; restore/],
    ['a later part', 'true', 'whole.img.003', /it is part 3 of "whole.img"; name the first part, "whole.img.001"/],
    ['a gap', 'cp whole.img.001 a.001; cp whole.img.003 a.003', 'a.001', /there is no "a.002"/],
    ['a missing first part', 'cp whole.img.002 a.002; cp whole.img.003 a.003', 'a.003', /there is no "a.001"/],
    ['a link', 'cp whole.img.001 a.001; ln -s whole.img.002 a.002', 'a.001', /symbolic link/],
    ['a name without a number', 'true', 'disk.raw', /it has no number at the end of its name/],
    [
      'a fixed vpc',
      'truncate -s 1M b; qemu-img convert -O vpc -o subformat=fixed b a; split -b 600K -d -a 3 a a.',
      'a.000',
      /ends like a vpc image; join the parts/,
    ],
  ])('%s', async (_, command, name, message) => {
    run(command);
    expect(await hashed(name, {}, name === 'disk.raw' ? 'split' : undefined)).toEqual(refusedWith(message));
  });

  test('a part of another length, as corrupt', async () => {
    run('cp whole.img.001 a.001; cp disk.raw a.002; cp whole.img.001 a.003');
    expect(await hashed('a.001')).toMatchObject({ code: 'corrupt', message: expect.stringMatching(/expected 300001/) });
    run('rm a.003');
    expect(await hashed('a.001')).toMatchObject({ code: 'corrupt', message: expect.stringMatching(/at most 300001/) });
  });

  test('a split disk with the reader qemu', async () => {
    expect(await hashed('whole.img.001', { reader: 'qemu' })).toMatchObject({ code: 'usage' });
  });
});

test('a disk is hashed again after one of its parts has changed', async () => {
  run('cp whole.img.001 a.001; cp whole.img.002 a.002');
  // The vector of a file that was just written is not cached.
  await settled([at('a.001'), at('a.002')]);
  const before = await hashed('a.001', { cache: at('cache.d') });
  expect(await readdir(at('cache.d'))).toHaveLength(1);
  await writeFile(at('a.002'), Buffer.from(await readFile(at('a.002'))).reverse());
  expect(await hashed('a.001', { cache: at('cache.d') })).not.toEqual(before);
  await rm(at('cache.d'), { recursive: true });
});

describe('a split disk', () => {
  const names = async (words: readonly string[]) => {
    const notes: string[] = [];
    const onNote: HashOptions['onNote'] = (level, note) => void (level === 'warning' && notes.push(note));
    const { sources } = await analyzer.findImages(words, { onNote });
    return { paths: sources.map(({ path }) => path), notes };
  };

  test('in a directory is one image', async () => {
    run(
      `mkdir held; split -b ${PART_BYTES} -d -a 3 --numeric-suffixes=1 disk.raw held/web.img.; cp disk.raw held/b.raw`,
    );
    const { paths, notes } = await names([at('held')]);
    expect(paths).toEqual([at('held/b.raw'), at('held/web.img.001')]);
    expect(notes).toEqual([expect.stringMatching(/left out of .*held: 3 parts of other images;/)]);
    run('rm -r held');
  });

  test('whose parts are all named is one image', async () => {
    const whole = [1, 2, 3, 4].map((number) => at(`whole.img.00${number}`));
    const { paths, notes } = await names([...whole, at('disk.raw')]);
    expect(paths).toEqual([whole[0], at('disk.raw')]);
    expect(notes).toEqual([expect.stringMatching(/^left out 3 named files, parts of other named images;/)]);
  });
});
