import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type CompareOptions,
  condensedIndex,
  type HashVector,
  hashVectorOf,
  openHashVector,
  type PairwiseCounts,
  type Tile,
  writeHashVector,
} from '@virt-similarity/core';
import fc from 'fast-check';
import { compareContentsBetween, comparePositionsBetween } from '#core/distance/compare-between.js';
import { compareByPosition } from '#core/distance/compare-by-position.js';
import { compareContents } from '#core/distance/compare-contents.js';
import { COMPARISON_LIMITS, type ComparisonLimits } from '#core/distance/engine/comparison.js';
import { type NumberedDisk, vectorOfDisk } from '../../fixtures/numbered-disks.js';

/** No threads, and limits so small that a few blocks need many slices, windows and partitions. */
const SMALL = {
  openFiles: 1,
  digestBytes: 1,
  labelBytes: 1,
  elementBytes: 1,
  secondsWithoutThreads: Number.POSITIVE_INFINITY,
};
const LIMITS = [
  SMALL,
  { ...SMALL, labelBytes: 4000, elementBytes: 2000 },
  { ...SMALL, digestBytes: 9000, elementBytes: 40_000 },
  { ...COMPARISON_LIMITS, secondsWithoutThreads: Number.POSITIVE_INFINITY },
];

/**
 * Disks of different sizes, some empty, with runs of zeros. They have few contents, so that many blocks are equal, also
 * within a disk.
 */
const disk = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 60 })), {
    maxLength: 4,
  })
  .map((runs): NumberedDisk => runs.flatMap(([zeros, contents]) => [...new Array<number>(zeros).fill(0), ...contents]));
/** Disks with one content in all blocks. */
const uniform = fc.integer({ min: 0, max: 100 }).map((length): NumberedDisk => new Array<number>(length).fill(1));
const family = fc.array(fc.oneof({ weight: 5, arbitrary: disk }, uniform), { minLength: 2, maxLength: 14 });

const ALIGNMENTS = [
  { alignment: 'position', within: compareByPosition, between: comparePositionsBetween },
  { alignment: 'free', within: compareContents, between: compareContentsBetween },
  {
    alignment: 'distinct',
    within: (vectors: readonly HashVector[], options: CompareOptions = {}, limits?: ComparisonLimits) =>
      compareContents(vectors, { ...options, alignment: 'distinct' }, limits),
    between: (
      rows: readonly HashVector[],
      columns: readonly HashVector[],
      options: CompareOptions = {},
      limits?: ComparisonLimits,
    ) => compareContentsBetween(rows, columns, { ...options, alignment: 'distinct' }, limits),
  },
] as const;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-between-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe.each(ALIGNMENTS)('comparing rows with columns, alignment $alignment', ({ alignment, within, between }) => {
  test('returns the same counts as the triangle of all vectors, without threads, with different limits', async () => {
    const split = fc.tuple(family, fc.nat(), fc.integer({ min: 2, max: 40 }), fc.constantFrom(...LIMITS));
    await fc.assert(
      fc.asyncProperty(split, async ([disks, at, digestLength, limits]) => {
        const vectors = disks.map((each) => vectorOfDisk(each, digestLength));
        const rows = 1 + (at % (disks.length - 1));
        const tile = await between(vectors.slice(0, rows), vectors.slice(rows), {}, limits);
        expectPart(tile, await within(vectors), { first: 0, end: rows }, { first: rows, end: disks.length });
      }),
      { numRuns: 100 },
    );
  });

  test('returns the same counts in up to three threads', async () => {
    const limits = fc.constantFrom(...LIMITS).map((given) => ({ ...given, secondsWithoutThreads: 0 }));
    await fc.assert(
      fc.asyncProperty(family, fc.nat(), fc.integer({ min: 1, max: 3 }), limits, async (disks, at, jobs, given) => {
        const vectors = disks.map((each) => vectorOfDisk(each));
        const rows = 1 + (at % (disks.length - 1));
        const tile = await between(vectors.slice(0, rows), vectors.slice(rows), { jobs }, given);
        expectPart(tile, await within(vectors), { first: 0, end: rows }, { first: rows, end: disks.length });
      }),
      { numRuns: 8 },
    );
  });

  test('returns tiles that form the triangle, and compares a vector with itself as equal', async () => {
    await fc.assert(
      fc.asyncProperty(family, fc.integer({ min: 1, max: 5 }), async (disks, length) => {
        const vectors = disks.map((each) => vectorOfDisk(each));
        const size = vectors.length;
        const spans = Array.from({ length: Math.ceil(size / length) }, (_, index) => ({
          first: index * length,
          end: Math.min((index + 1) * length, size),
        }));
        const triangle = await within(vectors);
        const [equal, common] = [new Uint32Array(triangle.equal.length), new Uint32Array(triangle.common.length)];
        for (const rows of spans) {
          for (const columns of spans) {
            const tile = await between(vectors.slice(rows.first, rows.end), vectors.slice(columns.first, columns.end));
            for (const { row, column, place } of placesOf(rows, columns)) {
              if (row === column) {
                expect(tile.equal[place]).toBe(triangle.dataBlocks[row]);
              } else {
                equal[condensedIndex(size, row, column)] = tile.equal[place]!;
                common[condensedIndex(size, row, column)] = tile.common[place]!;
              }
            }
          }
        }
        expect(equal).toEqual(new Uint32Array(triangle.equal));
        expect(common).toEqual(new Uint32Array(triangle.common));
      }),
      { numRuns: 25 },
    );
  });

  test('accepts vectors in files, and vectors without storage', async () => {
    const given: NumberedDisk[] = [[1, 2, 0, 3, 3], [1, 0, 0, 3, 4], [], [0, 0, 0, 3]];
    const vectors = given.map((each) => vectorOfDisk(each));
    const files = await Promise.all(vectors.map((vector, index) => stored(vector, `${alignment}-${index}`)));
    const withoutStorage = vectors.map(({ storage: _, ...vector }): HashVector => vector);
    const expected = await between(vectors.slice(0, 1), vectors.slice(1));
    for (const secondsWithoutThreads of [0, Number.POSITIVE_INFINITY]) {
      const limits = { ...SMALL, secondsWithoutThreads };
      expect(await between(files.slice(0, 1), files.slice(1), { jobs: 2 }, limits)).toEqual(expected);
      expect(await between(withoutStorage.slice(0, 1), files.slice(1), { jobs: 2 }, limits)).toEqual(expected);
    }
  });

  test('returns the same counts as the triangle for one, few and many rows or columns', async () => {
    const disks = Array.from({ length: 600 }, (_, index): NumberedDisk => {
      return Array.from({ length: 40 }, (_, block) => ((index * 7 + block) % 5 === 0 ? 0 : 1 + (index % (block + 1))));
    });
    const vectors = disks.map((each) => vectorOfDisk(each));
    const triangle = await within(vectors);
    for (const rows of [1, 2, 299, 301, 599]) {
      const tile = await between(vectors.slice(0, rows), vectors.slice(rows));
      expectPart(tile, triangle, { first: 0, end: rows }, { first: rows, end: 600 });
    }
  });

  test('returns the same counts as the triangle for many columns of one row in threads', async () => {
    const vectors = Array.from({ length: 2200 }, (_, index) => vectorOfDisk([1 + (index % 3), 0, index % 2, 1]));
    const limits = { ...COMPARISON_LIMITS, secondsWithoutThreads: 0 };
    const tile = await between(vectors.slice(0, 1), vectors.slice(1), { jobs: 2 }, limits);
    expectPart(tile, await within(vectors), { first: 0, end: 1 }, { first: 1, end: 2200 });
  });

  test('distinguishes more digests at a position than fit into a byte, on one side or both', async () => {
    const half = 310;
    const disks = Array.from({ length: 2 * half }, (_, index): NumberedDisk => {
      const all = 1 + (index % half);
      const some = index < half ? all : 1 + (index % 5);
      return Array.from({ length: 60 }, (_, block) => [all, some, 1 + (index % 3)][Math.floor(block / 17) % 3]!);
    });
    const vectors = disks.map((each) => vectorOfDisk(each));
    const triangle = await within(vectors);
    for (const limits of [LIMITS[2], LIMITS[3]]) {
      const tile = await between(vectors.slice(0, half), vectors.slice(half), {}, limits);
      expectPart(tile, triangle, { first: 0, end: half }, { first: half, end: 2 * half });
    }
  });

  test('reports its progress, ascending to 1', async () => {
    const fractions: number[] = [];
    const vector = vectorOfDisk(Array.from({ length: 3000 }, (_, block) => block % 7));
    const columns = new Array<HashVector>(2000).fill(vector);
    await between([vector], columns, { onFraction: (fraction) => fractions.push(fraction) }, LIMITS[3]);
    expect(fractions.length).toBeGreaterThan(1);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.filter((fraction) => fraction >= 1)).toEqual([1]);
  });

  test('returns a plain value, which a store can serialize', async () => {
    const vectors = [[1, 2], [1], [3, 2]].map((each) => vectorOfDisk(each));
    for (const secondsWithoutThreads of [0, Number.POSITIVE_INFINITY]) {
      const limits = { ...SMALL, secondsWithoutThreads };
      const tile = await between(vectors.slice(0, 2), vectors, { jobs: 1 }, limits);
      expect(deserialize(serialize(tile))).toEqual(tile);
      expect(tile.alignment).toBe(alignment);
    }
  });

  test('refuses a side without vectors, and vectors of different algorithms', async () => {
    const vector = vectorOfDisk([1]);
    await expect(between([], [vector])).rejects.toMatchObject({ code: 'usage' });
    await expect(between([vector], [])).rejects.toMatchObject({ code: 'usage' });
    await expect(between([vector], [{ ...vector, algorithm: 'other' }])).rejects.toMatchObject({ code: 'usage' });
  });

  test('fails if its signal has already fired', async () => {
    const vectors = [vectorOfDisk([1]), vectorOfDisk([2])];
    await expect(between(vectors, vectors, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('comparePositionsBetween', () => {
  test('reads columns only where the row has data', async () => {
    const row = sparseVector(2 ** 32, [7, 2 ** 31, 2 ** 32 - 1]);
    const path = join(directory, 'column.arrow');
    await writeHashVector(
      sparseVector(2 ** 32, [...new Array(5000).keys(), 2 ** 31, 2 ** 31 + 4000, 2 ** 32 - 2]),
      path,
    );
    // Row 3000 of the file is not read, because the other vector has no data at its block.
    await overwriteBlock(path, 3000, 1);
    const tile = await comparePositionsBetween([row], [await openHashVector(path)]);
    expect([...tile.equal]).toEqual([2]);
    expect([...tile.common]).toEqual([2]);
  });

  test.each([0, Number.POSITIVE_INFINITY])(
    'detects block numbers that do not ascend, if threads are used from an estimate of %d s on',
    async (from) => {
      const limits = { ...SMALL, secondsWithoutThreads: from };
      for (const [row, block] of [
        [5, 4],
        [299, 300],
        [299, 4000],
        [0, 1],
        [150, 299],
      ] as const) {
        const file = await stored(vectorOfDisk(new Array<number>(300).fill(1)), `wrong-${from}-${row}`);
        const { path } = file.storage as { path: string };
        await overwriteBlock(path, row, block);
        const vectors = [vectorOfDisk(new Array<number>(400).fill(1)), await openHashVector(path)];
        for (const [rows, columns] of [vectors, vectors.toReversed()].map(([a, b]) => [[a!], [b!, b!]] as const)) {
          const comparing = comparePositionsBetween(rows, columns, { jobs: 3 }, limits);
          await expect(comparing).rejects.toMatchObject({ code: 'corrupt', image: path });
        }
      }
    },
  );
});

interface Span {
  readonly first: number;
  readonly end: number;
}

/** Expects that a tile has the same counts as the triangle of all pairs, for the vectors with these numbers. */
function expectPart(tile: Tile, all: PairwiseCounts, rows: Span, columns: Span): void {
  const places = placesOf(rows, columns).map(({ row, column }) => condensedIndex(all.size, row, column));
  expect(tile.equal).toEqual(Uint32Array.from(places, (place) => all.equal[place]!));
  expect(tile.common).toEqual(Uint32Array.from(places, (place) => all.common[place]!));
  expect(tile.rowBlocks).toEqual(all.dataBlocks.slice(rows.first, rows.end));
  expect(tile.columnBlocks).toEqual(all.dataBlocks.slice(columns.first, columns.end));
}

function placesOf(rows: Span, columns: Span): { row: number; column: number; place: number }[] {
  const width = columns.end - columns.first;
  return Array.from({ length: (rows.end - rows.first) * width }, (_, place) => {
    return { row: rows.first + Math.floor(place / width), column: columns.first + (place % width), place };
  });
}

async function stored(vector: HashVector, name: string): Promise<HashVector> {
  const path = join(directory, `${name}.arrow`);
  await writeHashVector(vector, path);
  return openHashVector(path);
}

/** Overwrites the block number of a row in a hash-vector file. */
async function overwriteBlock(path: string, row: number, block: number): Promise<void> {
  const { storage } = await openHashVector(path);
  if (storage?.kind !== 'file') {
    throw new Error(`expected ${path} to be a file`);
  }
  const handle = await open(path, 'r+');
  try {
    const bytes = Uint8Array.from([block & 255, block >> 8, 0, 0]);
    await handle.write(bytes, 0, 4, storage.batches[0]!.blocksOffset + row * 4);
  } finally {
    await handle.close();
  }
}

/** Returns a vector of `blocks` blocks. Only the blocks in `rows` are not zero. Digests depend on block numbers. */
function sparseVector(blocks: number, rows: readonly number[]): HashVector {
  const digests = new Uint8Array(rows.length * 3);
  for (const [index, row] of rows.entries()) {
    digests.fill(1 + (row % 251), index * 3, (index + 1) * 3);
  }
  const header = { name: 'disk', algorithm: 'test', digestLength: 3, blockSize: 512, virtualSize: blocks * 512 };
  return hashVectorOf(header, Uint32Array.from(rows), digests);
}
