import { describe, expect, test } from '@jest/globals';
import { copheneticDistances, dendrogramOf } from '@virt-similarity/core';

describe('copheneticDistances', () => {
  test('returns for each pair the height of the first merge that contains both', () => {
    const joins = [
      { left: 0, right: 3, height: 1 },
      { left: 1, right: 2, height: 2 },
      { left: 4, right: 5, height: 3 },
    ];
    // Pairs 01, 02, 03, 12, 13, 23.
    expect(copheneticDistances(dendrogramOf(4, joins, 'single'))).toEqual({
      size: 4,
      values: Float64Array.of(3, 3, 1, 2, 3, 3),
    });
  });

  test('returns no distance for one leaf', () => {
    expect(copheneticDistances(dendrogramOf(1, [], 'single'))).toEqual({ size: 1, values: new Float64Array(0) });
  });

  test('accepts a caterpillar tree of 3,000 leaves', () => {
    const size = 3_000;
    const joins = Array.from({ length: size - 1 }, (_, k) => ({
      left: k === 0 ? 0 : size + k - 1,
      right: k + 1,
      height: k + 1,
    }));
    const { values } = copheneticDistances(dendrogramOf(size, joins, 'single'));
    expect([values[0], values[size - 2], values.at(-1)]).toEqual([1, size - 1, size - 1]);
  });
});
