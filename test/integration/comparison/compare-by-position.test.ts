import { appendFile, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type HashVector, openHashVector, writeHashVector } from '@virt-similarity/core';
import fc from 'fast-check';
import { compareByPosition } from '#core/distance/compare-by-position.js';
import type { CompareOptions } from '#core/distance/compare-options.js';
import { COMPARISON_LIMITS, type ComparisonLimits } from '#core/distance/engine/comparison.js';
import { countByPosition, countRepeated, type NumberedDisk, vectorOfDisk } from '../../fixtures/numbered-disks.js';

/** No threads, and limits so small that a few blocks need many slices and windows. */
const SMALL = {
  openFiles: 1,
  digestBytes: 1,
  labelBytes: 1,
  elementBytes: 1,
  secondsWithoutThreads: Number.POSITIVE_INFINITY,
};
const THREADS = { ...SMALL, secondsWithoutThreads: 0 };

/** Disks of different lengths, some without blocks. They have few contents, so that many blocks are equal. */
const disks = fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 200 }), { minLength: 2, maxLength: 40 });
const limits = fc.constantFrom(
  SMALL,
  { ...SMALL, labelBytes: 4000 },
  { ...SMALL, digestBytes: 9000 },
  COMPARISON_LIMITS,
);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'virt-similarity-compare-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('compareByPosition', () => {
  test('returns the same counts as comparing block by block', async () => {
    await fc.assert(
      fc.asyncProperty(disks, fc.integer({ min: 1, max: 64 }), limits, async (given, digestLength, limits) => {
        const vectors = given.map((disk) => vectorOfDisk(disk, digestLength));
        await expectCounts(given, vectors, limits);
      }),
    );
  });

  test('returns the same counts with up to three threads', async () => {
    await fc.assert(
      fc.asyncProperty(disks, fc.integer({ min: 1, max: 3 }), async (given, jobs) => {
        await expectCounts(
          given,
          given.map((disk) => vectorOfDisk(disk)),
          THREADS,
          { jobs },
        );
      }),
      { numRuns: 6 },
    );
  });

  test('reads vectors from files, in threads and without', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(disks, fc.constantFrom(SMALL, THREADS), async (given, limits) => {
        run++;
        const vectors = await Promise.all(
          given.map((disk, index) => storedVector(disk, join(directory, `${run}-${index}.arrow`))),
        );
        await expectCounts(given, vectors, limits, { jobs: 2 });
      }),
      { numRuns: 8 },
    );
  });

  test('reads vectors without storage', async () => {
    const given = [[1, 2, 0, 3], [1, 0, 0, 3, 4], []];
    const vectors = given.map((disk): HashVector => {
      const { storage: _, ...vector } = vectorOfDisk(disk);
      return vector;
    });
    await expectCounts(given, vectors, THREADS, { jobs: 2 });
  });

  test.each([504, 505, 506, 1200])('distinguishes the digests of %i disks at one position', async (count) => {
    const given = Array.from({ length: count }, (_, index): NumberedDisk => [0, 1 + (index >> 1), 7, index % 2]);
    await expectCounts(
      given,
      given.map((disk) => vectorOfDisk(disk)),
    );
  });

  test('combines one-byte and two-byte labels in one window', async () => {
    const given = Array.from({ length: 520 }, (_, index): NumberedDisk => {
      return Array.from({ length: 200 }, (_, block) => (block % 40 < 20 ? 1 + (index >> 1) : 1 + (index % 3)));
    });
    await expectCounts(
      given,
      given.map((disk) => vectorOfDisk(disk)),
    );
    await expectCounts(
      given,
      given.map((disk) => vectorOfDisk(disk)),
      SMALL,
    );
  });

  test('distinguishes digests that differ only in their last byte', async () => {
    const given = [
      [1, 2, 258],
      [1, 258, 2],
    ];
    for (let length = 2; length <= 64; length++) {
      await expectCounts(
        given,
        given.map((disk) => vectorOfDisk(disk, length)),
      );
    }
  });

  test('compares sparse disks with data only at their ends', async () => {
    const blocks = 2 ** 20;
    const sparse = (content: number): NumberedDisk => {
      const disk = new Array<number>(blocks).fill(0);
      disk[0] = 1;
      disk[blocks - 1] = content;
      return disk;
    };
    const given = [sparse(1), sparse(2), sparse(1), [1]];
    await expectCounts(
      given,
      given.map((disk) => vectorOfDisk(disk)),
    );
    await expectCounts(
      given,
      given.map((disk) => vectorOfDisk(disk)),
      THREADS,
      { jobs: 3 },
    );
  });

  test('reports its progress, ascending to 1', async () => {
    const fractions: number[] = [];
    const disk = Array.from({ length: 3000 }, (_, block) => block % 7);
    const vectors = new Array(200).fill(vectorOfDisk(disk));
    await compareByPosition(vectors, { onFraction: (fraction) => fractions.push(fraction) }, SMALL);
    expect(fractions.length).toBeGreaterThan(1);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
  });
});

describe('compareByPosition, on failure', () => {
  test.each([
    ['in threads', THREADS],
    ['without threads', SMALL],
  ])('ends early when it is interrupted, %s', async (_, limits) => {
    const disk = Array.from({ length: 100_000 }, (_, block) => block);
    const vectors = new Array(500).fill(vectorOfDisk(disk));
    const abort = new AbortController();
    let compared = 0;
    const onFraction = (fraction: number) => {
      compared = fraction;
      abort.abort();
    };
    const comparing = compareByPosition(vectors, { jobs: 2, onFraction, signal: abort.signal }, limits);
    await expect(comparing).rejects.toMatchObject({ code: 'aborted' });
    expect(compared).toBeLessThan(0.5);
  });

  test.each([
    ['in threads', THREADS],
    ['without threads', SMALL],
  ])('throws the error of a callback, %s', async (_, limits) => {
    const disk = Array.from({ length: 100_000 }, (_, block) => block);
    const vectors = new Array(500).fill(vectorOfDisk(disk));
    const onFraction = () => {
      throw new Error('no idea');
    };
    await expect(compareByPosition(vectors, { onFraction }, limits)).rejects.toThrow('no idea');
  });

  test.each([
    ['in threads', THREADS],
    ['without threads', SMALL],
  ])('refuses a file that was written to after it was opened, %s', async (title, limits) => {
    const path = join(directory, `changed ${title}.arrow`);
    const vectors = [await storedVector([1, 2, 3], path), vectorOfDisk([1, 2])];
    await appendFile(path, 'x');
    await expect(compareByPosition(vectors, {}, limits)).rejects.toMatchObject({ code: 'changed', image: path });
  });

  test('refuses a file that is written to while it is compared', async () => {
    const disk = Array.from({ length: 20_000 }, (_, block) => block);
    const path = join(directory, 'changing.arrow');
    const vectors = [await storedVector(disk, path), ...new Array(100).fill(vectorOfDisk(disk))];
    let changed: Promise<void> | undefined;
    const onFraction = () => {
      changed ??= appendFile(path, 'x');
    };
    await expect(compareByPosition(vectors, { onFraction }, SMALL)).rejects.toMatchObject({ code: 'changed' });
    await changed;
  });

  test.each([
    ['in threads', THREADS],
    ['without threads', SMALL],
  ])('detects block numbers that do not ascend, %s', async (title, limits) => {
    for (const [row, block] of [
      [5, 4],
      [5, 3],
      [299, 300],
      [299, 4000],
      [0, 1],
      [150, 299],
    ] as const) {
      const path = join(directory, `wrong ${title} ${row} ${block}.arrow`);
      await storedVector(
        Array.from({ length: 300 }, () => 1),
        path,
      );
      await overwriteBlock(path, row, block);
      const vectors = [vectorOfDisk(new Array(400).fill(1)), await openHashVector(path)];
      const comparing = compareByPosition(vectors, { jobs: 3 }, limits);
      await expect(comparing).rejects.toMatchObject({ code: 'corrupt', image: path });
    }
  });
});

async function expectCounts(
  disks: readonly NumberedDisk[],
  vectors: readonly HashVector[],
  limits: ComparisonLimits = COMPARISON_LIMITS,
  options: CompareOptions = {},
): Promise<void> {
  const expected = countByPosition(disks);
  const counts = await compareByPosition(vectors, options, limits);
  expect([...counts.equal]).toEqual(expected.map(({ equal }) => equal));
  expect([...counts.common]).toEqual(expected.map(({ common }) => common));
  expect([...counts.dataBlocks]).toEqual(vectors.map(({ dataBlocks }) => dataBlocks));
  expect([...counts.repeated]).toEqual(countRepeated(disks));
}

async function storedVector(disk: NumberedDisk, path: string): Promise<HashVector> {
  await writeHashVector(vectorOfDisk(disk), path);
  return openHashVector(path);
}

/** Overwrites the block number of a row in a hash-vector file. */
async function overwriteBlock(path: string, row: number, block: number): Promise<void> {
  const { storage } = await openHashVector(path);
  if (storage?.kind !== 'file') {
    throw new Error(`expected the storage of ${path} to be a file`);
  }
  const handle = await open(path, 'r+');
  try {
    await handle.write(
      Uint8Array.from([block & 255, block >> 8, 0, 0]),
      0,
      4,
      storage.batches[0]!.blocksOffset + row * 4,
    );
  } finally {
    await handle.close();
  }
}
