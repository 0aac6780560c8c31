import { describe, expect, test } from '@jest/globals';
import type { PairCounts } from '@virt-similarity/core';
import { corePlugin } from '#core/pipeline/core-plugin.js';

/** Ten blocks in the first, six in the second, four of them equal, twelve positions in all. */
const some: PairCounts = { equal: 4, different: 8, either: 12, first: 10, second: 6 };
const empty: PairCounts = { equal: 0, different: 0, either: 0, first: 0, second: 0 };
const oneEmpty: PairCounts = { equal: 0, different: 5, either: 5, first: 5, second: 0 };
const identical: PairCounts = { equal: 7, different: 0, either: 7, first: 7, second: 7 };

const metrics = corePlugin.metrics.map((MetricClass) => new MetricClass());

describe.each([
  ['hamming', 8, 5],
  ['hamming-fraction', 8 / 12, 1],
  ['jaccard', 8 / 12, 1],
  ['containment', 2 / 6, 1],
  ['shared-content', 8 / 12, 1],
])('%s', (name, ofSome, ofOneEmpty) => {
  const metric = metrics.find((candidate) => candidate.name === name)!;

  test('is what its definition says', () => {
    expect(metric.distance(some)).toBeCloseTo(ofSome, 15);
  });

  test('is symmetric', () => {
    expect(metric.distance({ ...some, first: some.second, second: some.first })).toBe(metric.distance(some));
  });

  test('is 0 for identical images, and for two empty ones', () => {
    expect([metric.distance(identical), metric.distance(empty)]).toEqual([0, 0]);
  });

  test('does not join an empty image with everything', () => {
    expect(metric.distance(oneEmpty)).toBe(ofOneEmpty);
  });
});
