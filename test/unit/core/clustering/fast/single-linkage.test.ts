import { describe, expect, test } from '@jest/globals';
import { FastClusterer, matrixRows, singleLinkage } from '@virt-similarity/core';
import * as fc from 'fast-check';

describe('singleLinkage', () => {
  test('asks for the distance of each pair once', () => {
    const asked: string[] = [];
    singleLinkage(20, (from, others, distances) => {
      others.forEach((other, k) => {
        asked.push(`${Math.min(from, other)} ${Math.max(from, other)}`);
        distances[k] = (from * other) % 7;
      });
    });
    expect(asked).toHaveLength(190);
    expect(new Set(asked).size).toBe(190);
  });

  test('asks in ascending order and never for the distance of a thing to itself', () => {
    singleLinkage(20, (from, others, distances) => {
      expect(others).not.toContain(from);
      expect(others).toEqual(others.toSorted());
      expect(distances).toHaveLength(others.length);
      distances.set(others.map((other) => (from * other) % 7));
    });
  });

  test('asks for nothing where there is one thing', () => {
    const neverAsked = () => {
      throw new Error('asked');
    };
    expect(singleLinkage(1, neverAsked)).toEqual({ size: 1, merges: [], inverted: false });
  });

  test('needs no stack for a caterpillar of 10,000 things', () => {
    const size = 10_000;
    // Things at 1, 3, 6, 10, …: each is next joined to all those before it.
    const place = (i: number) => (i * (i + 1)) / 2;
    const { merges } = singleLinkage(size, (from, others, distances) => {
      for (let k = 0; k < others.length; k++) {
        const other = others[k]!;
        distances[k] = from < other ? place(other) - place(from) : place(from) - place(other);
      }
    });
    expect(merges.map(({ height }) => height)).toEqual(Array.from({ length: size - 1 }, (_, k) => k + 1));
    expect(merges.map(({ size }) => size)).toEqual(Array.from({ length: size - 1 }, (_, k) => k + 2));
  });

  test('gives with rows of a matrix what the clusterer gives', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 36, maxLength: 36 }), (distances) => {
        const matrix = { size: 9, values: Float64Array.from(distances) };
        expect(singleLinkage(9, matrixRows(matrix))).toEqual(new FastClusterer().cluster(matrix, 'single'));
      }),
    );
  });
});
