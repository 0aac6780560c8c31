import { describe, expect, test } from '@jest/globals';
import type { PairCounts } from '@virt-similarity/core';
import { distanceMetricContract } from '@virt-similarity/testing';
import { corePlugin } from '#core/core-plugin.js';

/** Ten non-zero blocks in the first image, six in the second. Four are equal; no others are at the same position. */
const some: PairCounts = { equal: 4, different: 8, either: 12, first: 10, second: 6 };
const oneEmpty: PairCounts = { equal: 0, different: 5, either: 5, first: 5, second: 0 };

describe.each([
  ['hamming', 8, 5],
  ['hamming-fraction', 8 / 12, 1],
  ['jaccard', 8 / 12, 1],
  ['containment', 2 / 6, 1],
  ['shared-content', 8 / 12, 1],
  ['shared-blocks', 8 / 12, 1],
] as const)('%s', (name, ofSome, ofOneEmpty) => {
  const metric = new corePlugin.metrics[name]();

  for (const { title, run } of distanceMetricContract(() => metric)) {
    test(title, run);
  }

  test('matches its definition', () => {
    expect(metric.distance(some)).toBeCloseTo(ofSome, 15);
  });

  test('treats an empty image as different from another in every block', () => {
    expect(metric.distance(oneEmpty)).toBe(ofOneEmpty);
  });
});
