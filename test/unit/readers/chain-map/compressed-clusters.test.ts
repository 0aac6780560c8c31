import { expect, test } from '@jest/globals';
import { CompressedClusters } from '#readers/chain-map/compressed-clusters.js';

test('clusters of 4 bytes may follow one another throughout a file', () => {
  const clusters = new CompressedClusters(100_000);
  for (let offset = 0; offset < 100_000; offset += 4) {
    expect(clusters.add(offset)).toBe(true);
  }
  expect(clusters.add(100_000)).toBe(true);
});

test.each([
  ['a small file', 65_536, 128],
  ['a large file', 2 ** 40, 2 ** 18],
])('of %s, no more clusters may begin in one place than can be stored there', (_, fileBytes, most) => {
  const clusters = new CompressedClusters(fileBytes);
  for (let count = 0; count < most; count += 1) {
    expect(clusters.add(40_000)).toBe(true);
  }
  expect(clusters.add(40_000)).toBe(false);
  expect(clusters.add(fileBytes - 1)).toBe(true);
});
