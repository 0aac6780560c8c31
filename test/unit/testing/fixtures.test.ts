import { describe, expect, test } from '@jest/globals';
import { compareVectors, createAnalyzer, HammingMetric } from '@virt-similarity/core';
import hashers from '@virt-similarity/hashers';
import {
  analysisOfDistances,
  diskOfBlocks,
  diskReaderContract,
  MemoryDisksPlugin,
  vectorOfBlocks,
} from '@virt-similarity/testing';

const DISKS = { 'memory:a': diskOfBlocks([1, 0, 3, 4]), 'memory:b': diskOfBlocks([1, 2, 3, 2 ** 32 - 1]) };

describe('the reader of disks in memory', () => {
  const suite = diskReaderContract(async () => ({
    reader: new MemoryDisksPlugin(DISKS).readers.memory,
    image: { source: { path: 'memory:a' }, options: { allowedDirectories: [] }, content: DISKS['memory:a'] },
  }));
  for (const { title, run } of suite) {
    test(title, run);
  }
});

test('disks and vectors of the same numbers have the same distance', async () => {
  const analyzer = createAnalyzer({ plugins: [new MemoryDisksPlugin(DISKS), hashers] });
  const { images, distances } = await analyzer.analyze(Object.keys(DISKS));
  expect(images.map(({ dataBlocks }) => dataBlocks)).toEqual([3, 4]);
  expect([...distances.values]).toEqual([2]);
  const vectors = [vectorOfBlocks([1, 0, 3, 4]), vectorOfBlocks([1, 2, 3, 2 ** 32 - 1])];
  expect(vectors.map(({ dataBlocks, virtualSize }) => [dataBlocks, virtualSize])).toEqual([
    [3, 4 * 65_536],
    [4, 4 * 65_536],
  ]);
  expect((await compareVectors(vectors, new HammingMetric())).values).toEqual(distances.values);
});

describe('analysisOfDistances', () => {
  test('clusters the given distances', async () => {
    const { images, distances, dendrogram, parameters } = await analysisOfDistances(['a', 'b', 'c'], [2, 8, 6]);
    expect(images.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect([...distances.values]).toEqual([2, 8, 6]);
    expect(dendrogram.merges.map(({ left, right, height }) => [left, right, height])).toEqual([
      [0, 1, 2],
      [2, 3, 6],
    ]);
    expect(parameters).toMatchObject({ linkage: 'single', unit: 'blocks' });
  });

  test('refuses a wrong number of distances', async () => {
    await expect(analysisOfDistances(['a', 'b', 'c'], [2, 8])).rejects.toMatchObject({ code: 'usage' });
  });
});
