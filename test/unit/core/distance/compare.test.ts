import { describe, expect, test } from '@jest/globals';
import type { HashVector } from '@virt-similarity/core';
import fc from 'fast-check';
import { compareByPosition } from '#core/distance/compare-by-position.js';
import { compareContents } from '#core/distance/compare-contents.js';
import { hashVectorOf } from '#core/hash-vectors/memory-hash-vector.js';

const BLOCK = 512;
const DIGEST_LENGTH = 3;

/** A disk as the contents of its blocks: 0 is a zero block, equal numbers are equal contents. */
type Disk = readonly number[];

/** Few contents, so that many blocks are equal; disks of different lengths. */
const disks = fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 200 }), { minLength: 2, maxLength: 12 });

describe('compareByPosition', () => {
  test('agrees with comparing block by block', async () => {
    await fc.assert(
      fc.asyncProperty(disks, async (given) => {
        const counts = await compareByPosition(given.map(vectorOf));
        expect([...counts.equal]).toEqual(
          pairs(
            given,
            countWhere((a, b) => a === b && a !== 0),
          ),
        );
        expect([...counts.either]).toEqual(
          pairs(
            given,
            countWhere((a, b) => a !== 0 || b !== 0),
          ),
        );
        expect([...counts.repeated]).toEqual(given.map((disk, index) => repeatedBlocks(disk, index, given)));
      }),
    );
  });

  test('tells apart more digests at one position than one byte can label', async () => {
    const given = Array.from({ length: 1200 }, (_, index): Disk => [0, 1 + (index >> 1)]);
    const counts = await compareByPosition(given.map(vectorOf));
    expect([...counts.equal]).toEqual(
      pairs(
        given,
        countWhere((a, b) => a === b && a !== 0),
      ),
    );
  });

  test('counts right across windows', async () => {
    const long = Array.from({ length: 2 ** 20 }, (_, index) => index % 3);
    const other = long.map((content, index) => (index % 1000 === 0 ? 7 : content));
    const counts = await compareByPosition([vectorOf(long), vectorOf(other)]);
    expect(counts.equal[0]).toBe(countWhere((a, b) => a === b && a !== 0)(long, other));
    expect(counts.either[0]).toBe(countWhere((a, b) => a !== 0 || b !== 0)(long, other));
  });

  test('ends when it is interrupted', async () => {
    const vectors = [vectorOf([1]), vectorOf([2])];
    await expect(compareByPosition(vectors, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});

describe('compareContents', () => {
  test('agrees with the multisets of contents', async () => {
    await fc.assert(
      fc.asyncProperty(disks, async (given) => {
        const counts = await compareContents(given.map(vectorOf));
        const common = pairs(given, (a, b) =>
          sum(contents, (content) => Math.min(times(a, content), times(b, content))),
        );
        const either = pairs(given, (a, b) =>
          sum(contents, (content) => Math.max(times(a, content), times(b, content))),
        );
        expect([...counts.equal]).toEqual(common);
        expect([...counts.either]).toEqual(either);
      }),
    );
  });

  test('does not care where contents stand', async () => {
    const counts = await compareContents([vectorOf([1, 2, 0, 3, 3]), vectorOf([3, 0, 0, 0, 2, 3, 1])]);
    expect([counts.equal[0], counts.either[0]]).toEqual([4, 4]);
  });
});

const contents = [1, 2, 3, 4];

function vectorOf(disk: Disk): HashVector {
  const blocks = disk.flatMap((content, block) => (content === 0 ? [] : [block]));
  const digests = new Uint8Array(blocks.length * DIGEST_LENGTH);
  for (const [row, block] of blocks.entries()) {
    digests.set([disk[block]! & 255, disk[block]! >> 8, 9], row * DIGEST_LENGTH);
  }
  const header = { name: 'disk', algorithm: 'test', digestLength: DIGEST_LENGTH, blockSize: BLOCK };
  return hashVectorOf({ ...header, virtualSize: disk.length * BLOCK }, Uint32Array.from(blocks), digests);
}

function pairs(given: readonly Disk[], count: (a: Disk, b: Disk) => number): number[] {
  return given.flatMap((a, index) => given.slice(index + 1).map((b) => count(a, b)));
}

function countWhere(matches: (a: number, b: number) => boolean): (a: Disk, b: Disk) => number {
  return (a, b) => {
    let count = 0;
    for (let block = 0; block < Math.max(a.length, b.length); block++)
      if (matches(a[block] ?? 0, b[block] ?? 0)) count++;
    return count;
  };
}

function repeatedBlocks(disk: Disk, index: number, given: readonly Disk[]): number {
  const others = given.filter((_, other) => other !== index);
  return disk.filter((content, block) => content !== 0 && others.some((other) => other[block] === content)).length;
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}

function times(disk: Disk, content: number): number {
  return disk.filter((other) => other === content).length;
}
