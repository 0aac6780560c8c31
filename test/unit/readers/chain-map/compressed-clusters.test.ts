import { expect, test } from '@jest/globals';
import { CompressedClusters } from '#readers/chain-map/compressed-clusters.js';

test('clusters of 4 bytes are allowed to follow one another throughout a file', () => {
  const clusters = new CompressedClusters(100_000);
  const offsets = Array.from({ length: 25_001 }, (_, index) => 4 * index);
  expect(offsets.filter((offset) => !clusters.add(offset))).toEqual([]);
});

test.each([
  ['a small file', 65_536, 128],
  ['a large file', 2 ** 40, 2 ** 18],
])('in %s, no more clusters are allowed to begin in one place than can be stored there', (_, fileBytes, most) => {
  const clusters = new CompressedClusters(fileBytes);
  let added = 0;
  while (added <= most && clusters.add(40_000)) {
    added += 1;
  }
  expect(added).toBe(most);
  expect(clusters.add(fileBytes - 1)).toBe(true);
});
