import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  open,
  readdir,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  ContainmentMetric,
  compareByPosition,
  comparePositionsBetween,
  condensedIndex,
  type FileStorage,
  HammingFractionMetric,
  HammingMetric,
  type HashVector,
  hashVectorOf,
  JaccardMetric,
  openHashVector,
  SharedContentMetric,
  tileDistances,
  VectorIndex,
  writeHashVector,
} from '@virt-similarity/core';
import fc from 'fast-check';
import { type NumberedDisk, vectorOfDisk } from '../../fixtures/numbered-disks.js';
import { runTool } from '../../fixtures/run-tool.js';
import { SeededRandom } from '../../fixtures/seeded-random.js';

/**
 * Lengths of digests. A digest is the content's number in big-endian order: in digests of four bytes, the first four
 * bytes differ between all contents; in longer digests, the first four bytes are equal for several or for all contents.
 */
const digestLength = fc.constantFrom(1, 2, 4, 5, 6, 8, 17, 32, 33);
const contents = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(0, 1, 255, 256, 65_536, 65_537));
const lengthsOfRuns = fc.array(fc.tuple(fc.integer({ min: 0, max: 70 }), contents), { maxLength: 8 });
const base = lengthsOfRuns.map(
  (runs): NumberedDisk => runs.flatMap(([length, content]) => Array(length).fill(content)),
);
/** Families of disks: each disk is one of a few bases with changes at some positions. Every third disk is shortened. */
const family = fc
  .tuple(
    fc.array(base, { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(fc.nat(), fc.array(fc.tuple(fc.nat(), contents), { maxLength: 6 }), fc.nat()), {
      minLength: 2,
      maxLength: 12,
    }),
  )
  .map(([bases, clones]) =>
    clones.map(([parent, changes, cut], index): NumberedDisk => {
      const disk = [...bases[parent % bases.length]!];
      for (const [place, content] of changes) {
        if (disk.length > 0) {
          disk[place % disk.length] = content;
        }
      }
      return index % 3 === 0 ? disk.slice(0, cut % (disk.length + 1)) : disk;
    }),
  );

/**
 * Returns vectors of clones of four disks. In each clone, about a tenth of the non-zero blocks have content that no
 * other clone has. The first four bytes of every digest are a little-endian number below `prefixes`.
 */
function clones(seed: number, count: number, blocks: number, prefixes = 2 ** 32): HashVector[] {
  const random = new SeededRandom(seed);
  const familyOf = Array.from({ length: count }, () => random.below(4));
  return familyOf.map((parent, index) => {
    const own = new SeededRandom(seed, index);
    const shared = new SeededRandom(seed, 'family', parent);
    const numbers: number[] = [];
    const digests: Buffer[] = [];
    for (let block = 0; block < blocks; block++) {
      const [kind, content, change] = [shared.fraction(), shared.uint32(), own.fraction()];
      if (kind < 0.3) {
        continue;
      }
      const digest = Buffer.alloc(12);
      digest.writeUInt32LE((change < 0.1 ? own.uint32() : content) % prefixes);
      digest.writeUInt32LE(change < 0.1 ? index + 1 : 0, 4);
      digest.writeUInt32LE(change < 0.1 ? 0 : content, 8);
      numbers.push(block);
      digests.push(digest);
    }
    return vectorOf(`${index}`, blocks, numbers, digests);
  });
}

function vectorOf(name: string, blocks: number, numbers: readonly number[], digests: readonly Buffer[]): HashVector {
  const header = { name, algorithm: 'test', digestLength: 12, blockSize: 512, virtualSize: blocks * 512 };
  return hashVectorOf(header, Uint32Array.from(numbers), new Uint8Array(Buffer.concat(digests)));
}

let directory: string;
let directories = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-index-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function newDirectory(): string {
  return join(directory, `${directories++}`);
}

/** Writes the vectors to files that are old enough to be stored in the cache of an index. */
async function inFiles(vectors: readonly HashVector[]): Promise<HashVector[]> {
  const place = newDirectory();
  await mkdir(place);
  return Promise.all(vectors.map((vector, index) => inFile(vector, join(place, `${index}.arrow`))));
}

async function inFile(vector: HashVector, path: string): Promise<HashVector> {
  await writeHashVector(vector, path);
  await utimes(path, 1_000_000_000, 1_000_000_000);
  return openHashVector(path);
}

async function segmentsIn(cache: string): Promise<string[]> {
  return (await readdir(cache)).filter((name) => name.endsWith('.vector-index'));
}

/** Expects that an index and a comparison of all pairs return the same counts for a row and the index's vectors. */
async function expectTriangle(index: VectorIndex, row: HashVector): Promise<void> {
  const columns = index.vectors;
  const all = await compareByPosition([row, ...columns]);
  const places = columns.map((_, column) => condensedIndex(all.size, 0, column + 1));
  expect(await index.compare([row])).toEqual({
    alignment: 'position',
    rowBlocks: all.dataBlocks.slice(0, 1),
    columnBlocks: all.dataBlocks.slice(1),
    equal: Uint32Array.from(places, (place) => all.equal[place]!),
    common: Uint32Array.from(places, (place) => all.common[place]!),
  });
}

describe('an index in memory', () => {
  test('returns the counts of the triangle of all vectors, also if digests begin with the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(family, digestLength, async (disks, length) => {
        const [row, ...columns] = disks.map((disk) => vectorOfDisk(disk, length));
        await expectTriangle(await VectorIndex.of(columns), row!);
      }),
      { numRuns: 150 },
    );
  });

  test('returns the same counts after each step in which vectors are added', async () => {
    await fc.assert(
      fc.asyncProperty(family, digestLength, fc.array(fc.nat({ max: 4 })), async (disks, length, sizes) => {
        const [row, first, ...others] = disks.map((disk) => vectorOfDisk(disk, length));
        const index = await VectorIndex.of([first!]);
        for (const size of sizes) {
          await index.add(others.splice(0, size));
          await expectTriangle(index, row!);
        }
        await index.add(others);
        await expectTriangle(index, row!);
      }),
      { numRuns: 40 },
    );
  });

  test.each([1, 2, 50, 2 ** 32])(
    'returns the same counts for long disks whose digests have at most %d different beginnings',
    async (prefixes) => {
      const [row, ...columns] = clones(1, 40, 5000, prefixes);
      const index = await VectorIndex.of(columns.slice(0, 30));
      await index.add(columns.slice(30, 31));
      await index.add(columns.slice(31));
      await expectTriangle(index, row!);
      await expectTriangle(index, columns[7]!);
    },
  );

  test('returns the same counts for more different blocks than fit into a window', async () => {
    const disks = Array.from({ length: 90 }, (_, disk) =>
      Array.from({ length: 14_000 }, (_, block) => (block % 9 === 8 ? 0 : 1 + ((block * 90 + disk) >> (disk % 2)))),
    );
    const [row, ...columns] = disks.map((disk) => vectorOfDisk(disk, 4));
    await expectTriangle(await VectorIndex.of(columns), row!);
  });

  test('returns the same counts for sparse disks of 2³² blocks', async () => {
    const random = new SeededRandom(3);
    const places = Array.from({ length: 300 }, () => random.uint32()).sort((a, b) => a - b);
    const vectors = Array.from({ length: 12 }, (_, disk) => {
      const numbers = places.filter((_, index) => (index + disk) % 5 !== 0);
      const digests = numbers.map((number) => Buffer.alloc(12, (number + disk) % 3));
      return vectorOf(`${disk}`, 2 ** 32, numbers, digests);
    });
    await expectTriangle(await VectorIndex.of(vectors.slice(1)), vectors[0]!);
  });

  test('returns the same counts as a comparison without it for few and many rows', async () => {
    const vectors = clones(2, 40, 600, 20);
    const index = await VectorIndex.of(vectors);
    for (const rows of [1, 3, 16, 17, 40]) {
      const expected = await comparePositionsBetween(vectors.slice(0, rows), vectors);
      expect(await index.compare(vectors.slice(0, rows))).toEqual(expected);
    }
  });

  test('compares a vector with each of its copies in the index', async () => {
    const [one, other] = clones(5, 2, 300);
    const index = await VectorIndex.of([one!, other!, one!]);
    const { equal } = await index.compare([one!]);
    expect(equal[0]).toBe(one!.dataBlocks);
    expect(equal[2]).toBe(one!.dataBlocks);
  });

  test('results in the same distances as a comparison without it; other alignments are refused', async () => {
    const [row, ...columns] = clones(4, 10, 400);
    const tile = await (await VectorIndex.of(columns)).compare([row!]);
    const expected = await comparePositionsBetween([row!], columns);
    for (const metric of [
      new HammingMetric(),
      new HammingFractionMetric(),
      new JaccardMetric(),
      new ContainmentMetric(),
    ]) {
      expect(tileDistances(tile, metric)).toEqual(tileDistances(expected, metric));
    }
    expect(() => tileDistances(tile, new SharedContentMetric())).toThrow('alignment free, found position');
  });

  test('accepts vectors without storage, and vectors in files', async () => {
    const [row, ...columns] = clones(6, 12, 500, 9);
    const withoutStorage = columns.map(({ storage: _, ...vector }): HashVector => vector);
    const expected = await comparePositionsBetween([row!], columns);
    const [rowInFile, ...files] = await inFiles([row!, ...columns]);
    expect(await (await VectorIndex.of(withoutStorage)).compare([row!])).toEqual(expected);
    expect(await (await VectorIndex.of(files)).compare([rowInFile!])).toEqual(expected);
    const mixed = await VectorIndex.of([...files.slice(0, 5), ...columns.slice(5, 8), ...withoutStorage.slice(8)]);
    expect(await mixed.compare([rowInFile!])).toEqual(expected);
  });

  test('refuses an empty list of vectors, and vectors that are not comparable', async () => {
    const [one, other] = clones(7, 2, 50);
    const different = vectorOfDisk([1, 2], 12);
    await expect(VectorIndex.of([])).rejects.toMatchObject({ code: 'usage' });
    await expect(VectorIndex.of('a.arrow' as never)).rejects.toMatchObject({ code: 'usage' });
    await expect(VectorIndex.of([one!], { cache: '' })).rejects.toMatchObject({ code: 'usage' });
    await expect(VectorIndex.of([one!], { cache: 5 as never })).rejects.toMatchObject({ code: 'usage' });
    const index = await VectorIndex.of([one!, { ...other!, hasherVersion: '2' }]);
    await expect(index.compare([])).rejects.toMatchObject({ code: 'usage' });
    await expect(index.compare([{ ...different, algorithm: 'other' }])).rejects.toMatchObject({ code: 'usage' });
    await expect(index.compare([{ ...one!, hasherVersion: '3' }])).rejects.toMatchObject({ code: 'usage' });
    await expect(index.add([{ ...different, blockSize: 1024 }])).rejects.toMatchObject({ code: 'usage' });
    expect(index.vectors).toHaveLength(2);
  });

  test('fails if its signal has already fired', async () => {
    const vectors = clones(8, 3, 50);
    const signal = AbortSignal.abort();
    await expect(VectorIndex.of(vectors, { signal })).rejects.toMatchObject({ code: 'aborted' });
    const index = await VectorIndex.of(vectors);
    await expect(index.compare(vectors, { signal })).rejects.toMatchObject({ code: 'aborted' });
  });

  test('detects vectors that change after they were opened, if it reads them', async () => {
    const [row, ...columns] = await inFiles(clones(9, 8, 300));
    const index = await VectorIndex.of(columns);
    for (const { storage } of columns) {
      await appendFile((storage as FileStorage).path, 'x');
    }
    await expect(index.compare([row!])).rejects.toMatchObject({ code: 'changed' });
    await expect(VectorIndex.of(columns)).rejects.toMatchObject({ code: 'changed' });
  });

  test('refuses vectors whose block numbers do not ascend', async () => {
    const [row, column] = await inFiles(clones(10, 2, 300));
    const { path, batches } = column!.storage as FileStorage;
    const handle = await open(path, 'r+');
    await handle.write(Uint8Array.of(0, 0, 0, 0), 0, 4, batches[0]!.blocksOffset + 40);
    await handle.close();
    const damaged = await openHashVector(path);
    await expect(VectorIndex.of([damaged])).rejects.toMatchObject({ code: 'corrupt', image: path });
    await expect((await VectorIndex.of([row!])).compare([damaged])).rejects.toMatchObject({ code: 'corrupt' });
  });
});

describe('an index in a cache', () => {
  test('returns the counts of the triangle for any vectors, whatever the cache contains', async () => {
    const steps = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 6 })), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(family, digestLength, steps, async (disks, length, given) => {
        const [row, ...columns] = await inFiles(disks.map((disk) => vectorOfDisk(disk, length)));
        const cache = newDirectory();
        for (const [first, count] of given) {
          const chosen = Array.from({ length: count }, (_, index) => columns[(first + index) % columns.length]!);
          await expectTriangle(await VectorIndex.of(chosen, { cache, onWarning: unexpected }), row!);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('reads no vector that the cache contains', async () => {
    const vectors = await inFiles(clones(11, 10, 300));
    const [row] = await inFiles([vectorOf('other', 300, [1, 2], [Buffer.alloc(12, 1), Buffer.alloc(12, 2)])]);
    const cache = newDirectory();
    const expected = await comparePositionsBetween([row!], vectors);
    await VectorIndex.of(vectors, { cache, onWarning: unexpected });
    for (const { storage } of vectors) {
      await rm((storage as FileStorage).path);
    }
    const index = await VectorIndex.of(vectors, { cache, onWarning: unexpected });
    expect(await index.compare([row!])).toEqual(expected);
  });

  test('keeps few files while vectors are added, and changes no file if a vector is left out', async () => {
    const [row, ...vectors] = await inFiles(clones(12, 60, 200, 100));
    const cache = newDirectory();
    for (let count = 30; count < vectors.length; count++) {
      const index = await VectorIndex.of(vectors.slice(0, count), { cache, onWarning: unexpected });
      expect((await segmentsIn(cache)).length).toBeLessThan(6);
      if (count % 7 === 0) {
        await expectTriangle(index, row!);
      }
    }
    const before = await readdir(cache);
    await VectorIndex.of(vectors.slice(0, -1), { cache, onWarning: unexpected });
    expect(await readdir(cache)).toEqual(before);
  });

  test('removes data that no vector of the index needs', async () => {
    const vectors = await inFiles(clones(13, 8, 200));
    const cache = newDirectory();
    await VectorIndex.of(vectors.slice(0, 4), { cache });
    await VectorIndex.of(vectors.slice(4), { cache });
    expect(await segmentsIn(cache)).toHaveLength(1);
    const before = await sizeOf(cache);
    await VectorIndex.of(vectors.slice(4, 5), { cache });
    expect(await sizeOf(cache)).toBeLessThan(before);
  });

  test('leaves other files alone, and gives only the user access', async () => {
    const vectors = await inFiles(clones(14, 3, 100));
    const cache = newDirectory();
    await mkdir(cache, { mode: 0o700 });
    await writeFile(join(cache, 'README'), 'mine');
    await VectorIndex.of(vectors, { cache, onWarning: unexpected });
    expect(await readdir(cache)).toContain('README');
    const [name] = await segmentsIn(cache);
    expect((await stat(join(cache, name!))).mode & 0o777).toBe(0o600);
  });

  test('stores neither vectors in memory nor files that could still change unnoticed', async () => {
    const [row, ...vectors] = clones(15, 9, 200);
    const old = await inFiles(vectors.slice(0, 4));
    const recent = await inFiles(vectors.slice(4, 6));
    for (const { storage } of recent) {
      await utimes((storage as FileStorage).path, new Date(), new Date());
    }
    const reopened = await Promise.all(recent.map(({ storage }) => openHashVector((storage as FileStorage).path)));
    const cache = newDirectory();
    await VectorIndex.of(old, { cache, onWarning: unexpected });
    const before = await readdir(cache);
    const index = await VectorIndex.of([...old, ...reopened, ...vectors.slice(6)], { cache, onWarning: unexpected });
    expect(await readdir(cache)).toEqual(before);
    await expectTriangle(index, row!);
  });

  test('is built again after damage, with a warning if it is opened after the damage', async () => {
    const [row, ...vectors] = await inFiles(clones(16, 12, 300, 50));
    const expected = await comparePositionsBetween([row!], vectors);
    const random = new SeededRandom(16);
    for (let run = 0; run < 32; run++) {
      const cache = newDirectory();
      await VectorIndex.of(vectors, { cache });
      const opened = run % 2 === 0 ? undefined : await VectorIndex.of(vectors, { cache, onWarning });
      const path = join(cache, (await segmentsIn(cache))[0]!);
      const warnings: string[] = [];
      await damage(path, random, run);
      const index = opened ?? (await VectorIndex.of(vectors, { cache, onWarning: (text) => warnings.push(text) }));
      expect(await index.compare([row!])).toEqual(expected);
      expect(await index.compare([row!])).toEqual(expected);
      if (opened === undefined) {
        expect(warnings).toHaveLength(1);
        expect(warnings[0]).toMatch(/^cannot use .*; the vectors in it are read again$/s);
      }
    }

    function onWarning(text: string): void {
      expect(text).toMatch(/; the vectors in it are read again$/);
    }
  });

  test('is built again, without a warning, if the cache is deleted while the index is open', async () => {
    const [row, ...vectors] = await inFiles(clones(17, 6, 300));
    const cache = newDirectory();
    const index = await VectorIndex.of(vectors, { cache, onWarning: unexpected });
    await rm(cache, { recursive: true });
    await expectTriangle(index, row!);
    await index.add([row!]);
    await expectTriangle(index, row!);
  });

  test('refuses a cache that others can write to', async () => {
    const vectors = await inFiles(clones(18, 2, 100));
    const cache = newDirectory();
    await mkdir(cache);
    await chmod(cache, 0o777);
    await expect(VectorIndex.of(vectors, { cache })).rejects.toMatchObject({ code: 'refused' });
  });

  test('warns, and works in memory, if the cache cannot be created', async () => {
    const [row, ...vectors] = await inFiles(clones(19, 4, 100));
    await writeFile(join(directory, 'file'), '');
    const warnings: string[] = [];
    const cache = join(directory, 'file', 'cache');
    const index = await VectorIndex.of(vectors, { cache, onWarning: (text) => warnings.push(text) });
    expect(warnings.at(-1)).toContain('the index is not kept');
    await expectTriangle(index, row!);
  });

  test('returns the same counts if several indexes add to the cache at the same time', async () => {
    const [row, ...vectors] = await inFiles(clones(20, 16, 200, 30));
    const cache = newDirectory();
    const indexes = await Promise.all(
      [4, 8, 15, 15, 11, 2].map((count) => VectorIndex.of(vectors.slice(0, count), { cache, onWarning: unexpected })),
    );
    for (const index of indexes) {
      await expectTriangle(index, row!);
    }
  });
});

test('an index can have its vectors and its cache on a file system that might never respond', async () => {
  if (process.getuid?.() !== 0) {
    console.warn('skipped: mounting a file system needs root');
    return;
  }
  const vectors = clones(21, 12, 300, 40);
  const local = await inFiles(vectors);
  const place = newDirectory();
  await mkdir(place);
  // ramfs is not one of the file systems that are known to be local.
  await runTool('mount', ['-t', 'ramfs', 'none', place]);
  try {
    const remote = await Promise.all(
      vectors.slice(5).map((vector, index) => inFile(vector, join(place, `${index}.arrow`))),
    );
    const cache = join(place, 'cache');
    const columns = [...local.slice(1, 5), ...remote];
    for (let run = 0; run < 2; run++) {
      const index = await VectorIndex.of(columns, { cache, onWarning: unexpected });
      await expectTriangle(index, local[0]!);
      await expectTriangle(index, remote[0]!);
      expect(await segmentsIn(cache)).toHaveLength(1);
    }
  } finally {
    await runTool('umount', [place]);
  }
});

function unexpected(warning: string): void {
  throw new Error(`expected no warning, found ${warning}`);
}

async function sizeOf(cache: string): Promise<number> {
  const sizes = await Promise.all((await segmentsIn(cache)).map(async (name) => (await stat(join(cache, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Damages a file, depending on `run`: shortens it, appends bytes, changes one bit, or inverts up to 100 bytes. */
async function damage(path: string, random: SeededRandom, run: number): Promise<void> {
  const { size } = await stat(path);
  const place = random.below(size);
  const handle = await open(path, 'r+');
  try {
    if (run % 4 === 0) {
      await truncate(path, place);
    } else if (run % 4 === 1) {
      await appendFile(path, 'more');
    } else {
      const length = run % 4 === 2 ? 1 : Math.min(100, size - place);
      const { buffer } = await handle.read(Buffer.alloc(length), 0, length, place);
      const changed = Buffer.from(buffer.map((byte) => (run % 4 === 2 ? byte ^ (1 << random.below(8)) : byte ^ 255)));
      await handle.write(changed, 0, length, place);
    }
  } finally {
    await handle.close();
  }
}
