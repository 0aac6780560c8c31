import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  compareVectors,
  hashVectorOf,
  openHashVector,
  SharedBlocksMetric,
  SharedContentMetric,
  writeHashVector,
} from '@virt-similarity/core';
import fc from 'fast-check';
import { compareContents } from '#core/distance/compare-contents.js';
import { COMPARISON_LIMITS } from '#core/distance/engine/comparison.js';
import {
  countContents,
  countDistinct,
  distinctIn,
  type NumberedDisk,
  vectorOfDisk,
} from '../../fixtures/numbered-disks.js';

/** No threads, and so few bytes for elements that partitions must be divided repeatedly. */
const SMALL = { ...COMPARISON_LIMITS, elementBytes: 64, secondsWithoutThreads: Number.POSITIVE_INFINITY };
const THREADS = { ...COMPARISON_LIMITS, secondsWithoutThreads: 0 };

/** Disks of different lengths, some without blocks. Some have few contents, so that many blocks are equal. */
const disks = fc.array(
  fc.oneof(
    fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 200 }),
    fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 400 }),
  ),
  { minLength: 2, maxLength: 12 },
);

describe('compareContents', () => {
  test('returns the same counts as multisets of contents', async () => {
    await fc.assert(
      fc.asyncProperty(disks, fc.integer({ min: 2, max: 64 }), async (given, digestLength) => {
        const counts = await compareContents(given.map((disk) => vectorOfDisk(disk, digestLength)));
        expect([...counts.equal]).toEqual(countContents(given));
        expect([...counts.common]).toEqual(countContents(given));
      }),
    );
  });

  test('returns the same counts if digests are divided into many partitions', async () => {
    await fc.assert(
      fc.asyncProperty(disks, async (given) => {
        await expectCounts(given, SMALL);
      }),
      { numRuns: 30 },
    );
  });

  test('returns the same counts with up to three threads', async () => {
    await fc.assert(
      fc.asyncProperty(disks, fc.integer({ min: 1, max: 3 }), async (given, jobs) => {
        await expectCounts(given, THREADS, jobs);
      }),
      { numRuns: 6 },
    );
  });

  test('counts digests that occur thousands of times in one vector', async () => {
    const given = [3000, 9, 8, 1, 5000].map((times): NumberedDisk => [...new Array(times).fill(7), 1, 2, 2]);
    await expectCounts(given, COMPARISON_LIMITS);
    await expectCounts(given, SMALL);
  });

  test('counts distinct contents once, in each vector and each pair, with different limits and threads', async () => {
    const limits = fc.constantFrom(SMALL, THREADS, COMPARISON_LIMITS);
    await fc.assert(
      fc.asyncProperty(disks, limits, fc.integer({ min: 1, max: 3 }), async (given, limited, jobs) => {
        const vectors = given.map((disk) => vectorOfDisk(disk));
        const counts = await compareContents(vectors, { alignment: 'distinct', jobs }, limited);
        expect([...counts.equal]).toEqual(countDistinct(given));
        expect([...counts.dataBlocks]).toEqual(given.map((disk) => distinctIn(disk).size));
      }),
      { numRuns: 30 },
    );
  });

  test('ignores multiplicities for the metric shared-blocks, but not for shared-content', async () => {
    const vectors = [new Array(64).fill(7), [7]].map((disk) => vectorOfDisk(disk));
    expect([...(await compareVectors(vectors, new SharedBlocksMetric())).values]).toEqual([0]);
    expect([...(await compareVectors(vectors, new SharedContentMetric())).values]).toEqual([1 - 1 / 64]);
  });

  test('ignores the positions of contents', async () => {
    const counts = await compareContents([vectorOfDisk([1, 2, 0, 3, 3]), vectorOfDisk([3, 0, 0, 0, 2, 3, 1])]);
    expect([...counts.equal]).toEqual([4]);
  });

  test('reports its progress, ascending to 1', async () => {
    const fractions: number[] = [];
    const disk = Array.from({ length: 300_000 }, (_, block) => block);
    const vectors = new Array(10).fill(vectorOfDisk(disk));
    const limits = { ...SMALL, elementBytes: 500_000 };
    await compareContents(vectors, { onFraction: (fraction) => fractions.push(fraction) }, limits);
    expect(fractions.length).toBeGreaterThan(1);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.filter((fraction) => fraction >= 1)).toEqual([1]);
  });

  test('reads vectors from files, and refuses a file that was written to after it was opened', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'virt-similarity-contents-'));
    try {
      const path = join(directory, 'disk.arrow');
      await writeHashVector(vectorOfDisk([1, 2, 3, 3]), path);
      const vectors = [await openHashVector(path), vectorOfDisk([3, 3, 3, 1])];
      expect([...(await compareContents(vectors, { jobs: 2 }, THREADS)).equal]).toEqual([3]);
      await appendFile(path, 'x');
      await expect(compareContents(vectors)).rejects.toMatchObject({ code: 'changed', image: path });
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('fails if digests are too similar to be partitioned', async () => {
    // The two halves of a digest cancel out when the digest is reduced to a number.
    const digests = new Uint8Array(40 * 32);
    for (let row = 0; row < 40; row++) {
      digests[row * 32] = digests[row * 32 + 16] = row;
    }
    const header = { name: 'disk', algorithm: 'test', digestLength: 32, blockSize: 512, virtualSize: 40 * 512 };
    const vector = hashVectorOf(
      header,
      Uint32Array.from({ length: 40 }, (_, row) => row),
      digests,
    );
    await expect(compareContents([vector, vector], {}, SMALL)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

async function expectCounts(disks: readonly NumberedDisk[], limits: typeof SMALL, jobs = 1): Promise<void> {
  const counts = await compareContents(
    disks.map((disk) => vectorOfDisk(disk)),
    { jobs },
    limits,
  );
  expect([...counts.equal]).toEqual(countContents(disks));
}
