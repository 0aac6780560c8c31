import { describe, expect, test } from '@jest/globals';
import {
  compareContentsBetween,
  comparePositionsBetween,
  compareVectors,
  condensedIndex,
  type DistanceMetric,
  HammingMetric,
  JaccardMetric,
  SharedContentMetric,
  type Tile,
  tileDistances,
} from '@virt-similarity/core';
import { vectorOfDisk } from '../../../fixtures/numbered-disks.js';

const VECTORS = [[1, 2, 3, 3], [1, 0, 3], [], [2, 2, 3, 0, 4], [3, 3, 1, 2]].map((disk) => vectorOfDisk(disk));
const TILE: Tile = {
  alignment: 'position',
  rowBlocks: Float64Array.of(4, 1),
  columnBlocks: Float64Array.of(2, 0, 5),
  equal: Uint32Array.of(1, 0, 3, 1, 0, 0),
  common: Uint32Array.of(2, 0, 4, 1, 0, 1),
};

describe('tileDistances', () => {
  test('passes the counts of each pair to the metric, row by row', () => {
    const seen: unknown[] = [];
    const metric: DistanceMetric = {
      unit: 'calls',
      alignment: 'position',
      distance: (counts) => seen.push(counts),
    };
    expect([...tileDistances(TILE, metric)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(seen[2]).toEqual({ equal: 3, different: 2, either: 5, first: 4, second: 5 });
    expect(seen[3]).toEqual({ equal: 1, different: 1, either: 2, first: 1, second: 2 });
  });

  test.each([
    ['hamming', new HammingMetric()],
    ['jaccard', new JaccardMetric()],
    ['shared-content', new SharedContentMetric()],
  ])('returns the same distances as compareVectors, by %s', async (_, metric) => {
    const between = metric.alignment === 'position' ? comparePositionsBetween : compareContentsBetween;
    const { size, values } = await compareVectors(VECTORS, metric);
    const distances = tileDistances(await between(VECTORS.slice(0, 2), VECTORS.slice(2)), metric);
    const pairs = [0, 1].flatMap((row) => [2, 3, 4].map((column) => condensedIndex(size, row, column)));
    expect([...distances]).toEqual(pairs.map((pair) => values[pair]));
  });

  test('refuses a metric with another alignment than the tile', () => {
    expect(() => tileDistances(TILE, new SharedContentMetric(), 'shared-content')).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringMatching(/^\[shared-content\] expected a tile with alignment free, found position;/),
      }),
    );
  });

  test.each([
    [Number.NaN, '[mine] expected a finite distance of 0 or more, found NaN'],
    [-1, '[mine] expected a finite distance of 0 or more, found -1'],
  ])('blames a metric that returns %s', (given, message) => {
    const metric: DistanceMetric = { unit: 'blocks', alignment: 'position', distance: () => given };
    expect(() => tileDistances(TILE, metric, 'mine')).toThrow(expect.objectContaining({ code: 'plugin', message }));
  });
});
