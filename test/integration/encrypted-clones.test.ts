import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type AnalyzeOptions, createAnalyzer, type DiskKey, readDiskKey } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import readers, { QemuReader } from '@virt-similarity/readers';
import { createLuks, deterministicBytes, encryptDisk, runTool, settled } from '../fixtures/index.js';
import { openImage } from '../fixtures/open-image.js';

const BLOCK = 65_536;
const SIZE = 64 * BLOCK;
const SPARSE_SIZE = 6 * SIZE;
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

/** Analyses images. Returns their distances, and whether each image was decrypted or read as ciphertext. */
async function analyzed(names: readonly string[], options: AnalyzeOptions) {
  const { images, distances, failures } = await analyzer.analyze(names.map(at), options);
  expect(failures).toEqual([]);
  return { distances: [...distances.values], encryption: images.map(({ encryption }) => encryption) };
}

/** Returns the sorted paths of the images whose vectors a run takes from the cache. */
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

  test.each(['qemu', 'auto'])('have their true distance with keys and the reader %s', async (reader) => {
    const truth = await analyzed(['one.raw', 'two.raw'], { cache: false });
    expect(truth).toEqual({ distances: [CHANGED.length], encryption: [undefined, undefined] });
    const { distances, encryption } = await analyzed(clones, { cache: false, keys, reader });
    expect([distances, encryption]).toEqual([truth.distances, ['decrypted', 'decrypted']]);
  });

  test('equal the unencrypted disks if they are decrypted', async () => {
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

  test('are cached decrypted only with `cacheDecrypted`, and used only with their keys', async () => {
    const cache = at(`cache-${format}`);
    const paths = clones.map(at);
    await cachedIn(cache, clones, {});
    // The vectors of the ciphertext are cached, and are still marked as ciphertext.
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

describe('sparse luks clones under different keys', () => {
  /** Creates an encrypted disk of which only the beginning and the end are written, and the same disk unencrypted. */
  async function sparseDisk(name: string, passphrase: string): Promise<void> {
    const path = at(`${name}-sparse.luks`);
    await createLuks(path, passphrase, 'luks', String(SPARSE_SIZE));
    const image = `driver=luks,key-secret=key,file.driver=file,file.filename=${path}`;
    const secret = ['--object', `secret,id=key,data=${passphrase}`];
    const write = (start: number, file: string) => ['-c', `write -q -s ${at(file)} ${start} ${SIZE}`];
    await runTool('qemu-io', [
      ...secret,
      ...write(0, `${name}.raw`),
      ...write(SIZE * 5, 'one.raw'),
      '--image-opts',
      image,
    ]);
    const content = Buffer.alloc(SPARSE_SIZE);
    (await readFile(at(`${name}.raw`))).copy(content);
    (await readFile(at('one.raw'))).copy(content, SIZE * 5);
    await writeFile(at(`${name}-sparse.raw`), content);
  }

  /** Creates an overlay of the encrypted disk, with a cluster of 4 KiB in a hole of the disk and another in data. */
  async function overlayOn(name: string, passphrase: string): Promise<void> {
    const path = at(`${name}-top.qcow2`);
    const create = ['create', '-q', '-f', 'qcow2', '-F', 'luks', '-o', 'cluster_size=4k', '-b', `${name}-sparse.luks`];
    await runTool('qemu-img', [...create, '-u', path, String(SPARSE_SIZE)]);
    const backing = `backing.driver=luks,backing.key-secret=key,backing.file.driver=file,backing.file.filename=${at(`${name}-sparse.luks`)}`;
    const image = `driver=qcow2,file.driver=file,file.filename=${path},${backing}`;
    const writes = ['-c', `write -q -P 7 ${SIZE * 2} 4k`, '-c', 'write -q -P 7 1M 4k'];
    await runTool('qemu-io', ['--object', `secret,id=key,data=${passphrase}`, ...writes, '--image-opts', image]);
  }

  beforeAll(async () => {
    await sparseDisk('one', 'first-words');
    await sparseDisk('two', 'second-words');
    await runTool('cp', ['--sparse=never', at('two-sparse.luks'), at('two-full.luks')]);
    await overlayOn('one', 'first-words');
    await overlayOn('two', 'second-words');
  }, 300_000);

  test.each(['auto', 'libguestfs'])(
    'have their true distance, also if they are stored without holes: %s',
    async (reader) => {
      const names = ['one-sparse.luks', 'two-sparse.luks', 'two-full.luks', 'one-sparse.raw', 'two-sparse.raw'];
      const { distances } = await analyzed(names, { cache: false, keys, reader });
      const d = CHANGED.length;
      expect(distances).toEqual([d, d, 0, d, 0, d, 0, d, 0, d]);
    },
    300_000,
  );

  test.each(['auto', 'libguestfs'])(
    'have their true distance below overlays: %s',
    async (reader) => {
      const names = ['one-top.qcow2', 'two-top.qcow2', 'one-sparse.luks', 'two-sparse.raw'];
      const { distances } = await analyzed(names, { cache: false, keys, reader });
      const d = CHANGED.length;
      expect(distances).toEqual([d, 2, d + 2, d + 2, 2, d]);
    },
    300_000,
  );

  test('have zeros where nothing was written, also in unaligned reads', async () => {
    const image = await openImage(
      new QemuReader(),
      { path: at('one-top.qcow2') },
      { allowedDirectories: [directory], keys },
    );
    try {
      const content = await readFile(at('one-sparse.raw'));
      content.fill(7, SIZE * 2, SIZE * 2 + 4096);
      content.fill(7, 2 ** 20, 2 ** 20 + 4096);
      for (const [start, length] of [
        [SIZE - 700, 2000],
        [SIZE * 2 - 1, 4098],
        [2 ** 20 - 3, 5000],
        [SIZE * 5 - 513, 1025],
        [SPARSE_SIZE - 1, 1],
      ] as const) {
        const bytes = Buffer.alloc(length);
        await image.read(bytes, start);
        expect([start, bytes.equals(content.subarray(start, start + length))]).toEqual([start, true]);
      }
      let zeros = 0;
      for await (const extent of image.extents()) {
        zeros += extent.kind === 'zero' ? extent.length : 0;
      }
      // All ranges are zeros except for the written ranges, rounded up to blocks of the file system.
      expect(zeros).toBeGreaterThan(SIZE * 3.9);
    } finally {
      await image.close();
    }
  });
});

test('libguestfs reads decrypted disks, and refuses encrypted qcow2 images without a key', async () => {
  const options = { reader: 'libguestfs', cache: false } as const;
  const { distances } = await analyzed(['one.luks', 'two.qcow2'], { ...options, keys });
  expect(distances).toEqual([CHANGED.length]);
  const { failures } = await analyzer.analyze([at('one.qcow2'), at('one.raw'), at('two.raw')], options);
  expect(failures).toMatchObject([{ error: { code: 'refused', message: expect.stringMatching(/`reader: 'qemu'`/) } }]);
});
