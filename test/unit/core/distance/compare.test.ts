import { describe, expect, test } from '@jest/globals';
import {
  compareVectors,
  type DistanceMetric,
  HammingMetric,
  type HashVector,
  SharedContentMetric,
} from '@virt-similarity/core';
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

  test.each([508, 509])('gives the most labels that %d vectors can need', async (size) => {
    const given = Array.from({ length: size }, (_, index): Disk => [1 + (index >> 1)]);
    const counts = await compareByPosition(given.map(vectorOf));
    expect(counts.equal.reduce((total, equal) => total + equal)).toBe(size >> 1);
    expect(new Set(counts.repeated.subarray(0, size - (size % 2)))).toEqual(new Set([1]));
  });

  test('counts right across windows', async () => {
    const long = Array.from({ length: 2 ** 20 }, (_, index) => index % 3);
    const other = long.map((content, index) => (index % 1000 === 0 ? 7 : content));
    const counts = await compareByPosition([vectorOf(long), vectorOf(other)]);
    expect(counts.equal[0]).toBe(countWhere((a, b) => a === b && a !== 0)(long, other));
    expect(counts.either[0]).toBe(countWhere((a, b) => a !== 0 || b !== 0)(long, other));
  });

  test('takes no time where no disk has data, up to the last of 2³² blocks', async () => {
    const blocks = 2 ** 32;
    const thin = (...rows: number[]): HashVector => sparseVector(blocks, rows);
    const fractions: number[] = [];
    const counts = await compareByPosition(
      [thin(0, blocks - 2, blocks - 1), thin(1, blocks - 1), sparseVector(2, [1]), thin()],
      { onFraction: (fraction) => fractions.push(fraction) },
    );
    expect([...counts.equal]).toEqual([1, 0, 0, 1, 0, 0]);
    expect([...counts.either]).toEqual([4, 4, 3, 2, 2, 1]);
    expect([...counts.repeated]).toEqual([1, 2, 1, 0]);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.filter((fraction) => fraction === 1)).toHaveLength(1);
  });

  test('takes digests of one byte', async () => {
    const vectors = [[0, 1, 2], [0, 1, 3], []].map((rows) => sparseVector(4, rows, 1));
    expect([...(await compareByPosition(vectors)).equal]).toEqual([2, 0, 0]);
    expect([...(await compareContents(vectors)).equal]).toEqual([2, 0, 0]);
  });
});

describe.each([
  ['compareByPosition', compareByPosition],
  ['compareContents', compareContents],
])('%s', (_, compare) => {
  test('finds identical vectors equal in every block, and empty ones equal to none', async () => {
    const counts = await compare([[1, 2, 2], [1, 2, 2], [], []].map(vectorOf));
    expect([...counts.equal]).toEqual([3, 0, 0, 0, 0, 0]);
    expect([...counts.either]).toEqual([3, 3, 3, 3, 3, 0]);
  });

  test('takes a single vector, which has no pairs', async () => {
    expect((await compare([vectorOf([1])])).equal).toHaveLength(0);
  });

  test('refuses no vectors, and vectors that were not made alike', async () => {
    await expect(compare([])).rejects.toMatchObject({ code: 'usage' });
    const [first, second] = [vectorOf([1]), vectorOf([1])];
    for (const change of [{ algorithm: 'other' }, { digestLength: 4 }, { blockSize: 1024 }]) {
      await expect(compare([first, { ...second, ...change }])).rejects.toMatchObject({ code: 'usage' });
    }
  });

  test('is interrupted in the middle, though vectors in memory never wait', async () => {
    const long = Array.from({ length: 2 ** 20 }, (_, index) => 1 + (index % 3));
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), 1);
    let done = 0;
    const comparing = compare([vectorOf(long), vectorOf(long)], {
      signal: stop.signal,
      onFraction: (fraction) => {
        done = fraction;
      },
    });
    await expect(comparing).rejects.toMatchObject({ code: 'aborted' });
    clearTimeout(timer);
    expect(done).toBeLessThan(1);
  });

  test('does not begin when it is interrupted already', async () => {
    const vectors = [vectorOf([1]), vectorOf([2])];
    await expect(compare(vectors, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('compareVectors', () => {
  test('measures as the metric wants it: by position, or wherever blocks stand', async () => {
    const vectors = [
      [1, 2, 3],
      [2, 1, 3],
    ].map(vectorOf);
    expect([...(await compareVectors(vectors, new HammingMetric())).values]).toEqual([2]);
    expect([...(await compareVectors(vectors, new SharedContentMetric())).values]).toEqual([0]);
  });

  test.each([
    [Number.NaN, '[bad] expected a distance of 0 or more, found NaN'],
    [-1, '[bad] expected a distance of 0 or more, found -1'],
    ['throws', '[bad] the metric failed: no idea'],
  ])('blames a metric that gives %s', async (given, message) => {
    const metric: DistanceMetric = {
      name: 'bad',
      unit: 'blocks',
      alignment: 'position',
      distance: () => {
        if (typeof given === 'number') return given;
        throw new Error('no idea');
      },
    };
    const comparing = compareVectors([vectorOf([1]), vectorOf([2])], metric);
    await expect(comparing).rejects.toMatchObject({ code: 'plugin', message });
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

/** A vector of `blocks` blocks, of which `rows` are not zero and have digests that follow from the block number. */
function sparseVector(blocks: number, rows: readonly number[], digestLength = DIGEST_LENGTH): HashVector {
  const digests = new Uint8Array(rows.length * digestLength);
  for (const [index, row] of rows.entries())
    digests.fill(1 + (row % 251), index * digestLength, (index + 1) * digestLength);
  const header = { name: 'disk', algorithm: 'test', digestLength, blockSize: BLOCK, virtualSize: blocks * BLOCK };
  return hashVectorOf(header, Uint32Array.from(rows), digests);
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
