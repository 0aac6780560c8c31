import { describe, expect, test } from '@jest/globals';
import { condensedIndex, LARGEST_DISTANCE, VirtSimilarityError, validateMatrix } from '@virt-similarity/core';

function errorOf(size: number, values: number[]): VirtSimilarityError {
  try {
    validateMatrix({ size, values: Float64Array.from(values) });
  } catch (error) {
    if (error instanceof VirtSimilarityError) {
      return error;
    }
  }
  throw new Error('expected validateMatrix to throw a VirtSimilarityError');
}

describe('condensedIndex', () => {
  test("numbers the pairs in the order of SciPy's pdist", () => {
    const indices = [];
    for (let i = 0; i < 6; i++) {
      for (let j = i + 1; j < 6; j++) {
        indices.push(condensedIndex(6, i, j));
      }
    }
    expect(indices).toEqual(Array.from({ length: 15 }, (_, index) => index));
  });

  test('accepts a pair in either order', () => {
    expect(condensedIndex(6, 4, 1)).toBe(condensedIndex(6, 1, 4));
  });

  test('is exact for more pairs than 32 bits can count', () => {
    expect(condensedIndex(1_000_000, 999_998, 999_999)).toBe(499_999_499_999);
  });
});

describe('validateMatrix', () => {
  test('accepts distances from zero to the maximum', () => {
    expect(() => validateMatrix({ size: 3, values: Float64Array.of(0, 1.5, LARGEST_DISTANCE) })).not.toThrow();
  });

  test('accepts one item', () => {
    expect(() => validateMatrix({ size: 1, values: new Float64Array(0) })).not.toThrow();
  });

  test.each([0, -1, 2.5, Number.NaN])('refuses a size of %d', (size) => {
    expect(errorOf(size, []).message).toContain(`found size ${size}`);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 1e200])('reports the pair whose distance is %d', (distance) => {
    const error = errorOf(4, [1, 2, 3, 4, distance, 6]);
    expect(error.code).toBe('usage');
    expect(error.message).toContain(`between items 1 and 3, found ${distance};`);
  });

  test('reports the last pair if its distance is invalid', () => {
    expect(errorOf(3, [1, 2, Number.NaN]).message).toContain('between items 1 and 2,');
  });

  test('reports the expected number of distances', () => {
    expect(errorOf(4, [1, 2]).message).toContain('expected 6 distances for 4 items, found 2');
  });
});
