import { describe, expect, test } from '@jest/globals';
import {
  compareVectors,
  type DistanceMetric,
  HammingMetric,
  type HashVector,
  hashVectorOf,
  SharedContentMetric,
} from '@virt-similarity/core';
import { compareByPosition } from '#core/distance/compare-by-position.js';
import { compareContents } from '#core/distance/compare-contents.js';
import { COMPARISON_LIMITS } from '#core/distance/engine/comparison.js';
import { vectorOfDisk } from '../../../fixtures/numbered-disks.js';

describe('compareByPosition', () => {
  test('skips blocks without data, up to the last of 2³² blocks', async () => {
    const blocks = 2 ** 32;
    const thin = (...rows: number[]): HashVector => sparseVector(blocks, rows);
    const fractions: number[] = [];
    const counts = await compareByPosition(
      [thin(0, blocks - 2, blocks - 1), thin(1, blocks - 1), sparseVector(2, [1]), thin()],
      { onFraction: (fraction) => fractions.push(fraction) },
    );
    expect([...counts.equal]).toEqual([1, 0, 0, 1, 0, 0]);
    expect([...counts.common]).toEqual([1, 0, 0, 1, 0, 0]);
    expect([...counts.repeated]).toEqual([1, 2, 1, 0]);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.filter((fraction) => fraction === 1)).toHaveLength(1);
  });

  test('accepts digests of one byte', async () => {
    const vectors = [[0, 1, 2], [0, 1, 3], []].map((rows) => sparseVector(4, rows, 1));
    expect([...(await compareByPosition(vectors)).equal]).toEqual([2, 0, 0]);
    expect([...(await compareContents(vectors)).equal]).toEqual([2, 0, 0]);
  });
});

describe.each([
  ['compareByPosition', compareByPosition],
  ['compareContents', compareContents],
])('%s', (_, compare) => {
  test('counts identical vectors as equal in every block, and empty vectors in none', async () => {
    const counts = await compare([[1, 2, 2], [1, 2, 2], [], []].map((disk) => vectorOfDisk(disk)));
    expect([...counts.equal]).toEqual([3, 0, 0, 0, 0, 0]);
    expect([...counts.common]).toEqual([3, 0, 0, 0, 0, 0]);
  });

  test('accepts a single vector, which has no pairs', async () => {
    expect((await compare([vectorOfDisk([1])])).equal).toHaveLength(0);
  });

  test('refuses an empty list, and vectors with different parameters', async () => {
    await expect(compare([])).rejects.toMatchObject({ code: 'usage' });
    const [first, second] = [vectorOfDisk([1]), vectorOfDisk([1])];
    for (const change of [{ algorithm: 'other' }, { digestLength: 4 }, { blockSize: 1024 }]) {
      await expect(compare([first, { ...second, ...change }])).rejects.toMatchObject({ code: 'usage' });
    }
  });

  test('can be interrupted while it compares vectors in memory', async () => {
    const long = vectorOfDisk(Array.from({ length: 2 ** 20 }, (_, index) => 1 + (index % 3)));
    // Enough for several turns of the event loop: a fast machine compares two in a single turn.
    const vectors = new Array<HashVector>(16).fill(long);
    const inThisThread = { ...COMPARISON_LIMITS, secondsWithoutThreads: Number.POSITIVE_INFINITY };
    const stop = new AbortController();
    // Runs when the comparison first yields to the event loop.
    setImmediate(() => stop.abort());
    let done = 0;
    const onFraction = (fraction: number) => {
      done = fraction;
    };
    const comparing = compare(vectors, { signal: stop.signal, onFraction }, inThisThread);
    await expect(comparing).rejects.toMatchObject({ code: 'aborted' });
    expect(done).toBeLessThan(1);
  });

  test('does not start if the signal has already fired', async () => {
    const vectors = [vectorOfDisk([1]), vectorOfDisk([2])];
    await expect(compare(vectors, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('compareVectors', () => {
  test('refuses vectors before any comparison if their pairs exceed the memory', async () => {
    const vectors = new Array<HashVector>(2 ** 22).fill(vectorOfDisk([1]));
    for (const metric of [new HammingMetric(), new SharedContentMetric()]) {
      await expect(compareVectors(vectors, metric)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(
          /^cannot compare 4194304 images: expected \d+\.0 GiB of memory, found [\d.]+ GiB; compare fewer of them/,
        ),
      });
    }
  });

  test('refuses vectors that must be read into memory but exceed it', async () => {
    const { storage: _, ...small } = vectorOfDisk([1]);
    const vector: HashVector = { ...small, digestLength: 64, dataBlocks: 2 ** 31, virtualSize: 2 ** 40 };
    const comparing = compareVectors([vector, vector], new HammingMetric());
    await expect(comparing).rejects.toMatchObject({ code: 'unavailable', message: expect.stringMatching(/of memory/) });
  });

  test('compares blocks by position or by content, as the metric requires', async () => {
    const vectors = [
      [1, 2, 3],
      [2, 1, 3],
    ].map((disk) => vectorOfDisk(disk));
    expect([...(await compareVectors(vectors, new HammingMetric())).values]).toEqual([2]);
    expect([...(await compareVectors(vectors, new SharedContentMetric())).values]).toEqual([0]);
  });

  test.each([
    [Number.NaN, '[metric] expected a finite distance of 0 or more, found NaN'],
    [-1, '[metric] expected a finite distance of 0 or more, found -1'],
    ['throws', '[metric] the metric failed: no idea'],
  ])('blames a metric whose distance is invalid or that throws: %s', async (given, message) => {
    const metric: DistanceMetric = {
      unit: 'blocks',
      alignment: 'position',
      distance: () => {
        if (typeof given === 'number') {
          return given;
        }
        throw new Error('no idea');
      },
    };
    const comparing = compareVectors([vectorOfDisk([1]), vectorOfDisk([2])], metric);
    await expect(comparing).rejects.toMatchObject({ code: 'plugin', message });
  });

  test('does not blame a metric that runs out of memory, and proposes a remedy', async () => {
    const metric = new HammingMetric();
    metric.distance = () => {
      throw new RangeError('Array buffer allocation failed');
    };
    const comparing = compareVectors([vectorOfDisk([1]), vectorOfDisk([2])], metric);
    await expect(comparing).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/: Array buffer allocation failed; lower `jobs`, or allow more memory$/),
    });
  });
});

/** Returns a vector of `blocks` blocks; only `rows` are non-zero, with digests derived from the block number. */
function sparseVector(blocks: number, rows: readonly number[], digestLength = 3): HashVector {
  const digests = new Uint8Array(rows.length * digestLength);
  for (const [index, row] of rows.entries()) {
    digests.fill(1 + (row % 251), index * digestLength, (index + 1) * digestLength);
  }
  const header = { name: 'disk', algorithm: 'test', digestLength, blockSize: 512, virtualSize: blocks * 512 };
  return hashVectorOf(header, Uint32Array.from(rows), digests);
}
