import { describe, expect, test } from '@jest/globals';
import type { CondensedMatrix } from '@virt-similarity/core';
import * as fc from 'fast-check';
import { nearestNeighbourChain } from '#core/clustering/fast/nearest-neighbour-chain.js';
import { ShrinkingMatrix } from '#core/clustering/fast/shrinking-matrix.js';

const LINKAGES = ['complete', 'average', 'weighted', 'ward'] as const;

/** Distances of up to 40 things, of which few or many are equal. */
const matrices: fc.Arbitrary<CondensedMatrix> = fc
  .record({ size: fc.integer({ min: 1, max: 40 }), largest: fc.constantFrom(0, 1, 3, 10, 100_000) })
  .chain(({ size, largest }) => {
    const length = (size * (size - 1)) / 2;
    return fc
      .array(fc.nat({ max: largest }), { minLength: length, maxLength: length })
      .map((distances) => ({ size, values: Float64Array.from(distances) }));
  });

describe('nearestNeighbourChain', () => {
  test.each(LINKAGES)('makes the same joins however many memories the matrix needs, under %s linkage', (linkage) => {
    fc.assert(
      fc.property(matrices, fc.integer({ min: 0, max: 2000 }), (matrix, largestBand) => {
        const inBands = nearestNeighbourChain(new ShrinkingMatrix(matrix, largestBand), linkage);
        expect(inBands).toEqual(nearestNeighbourChain(new ShrinkingMatrix(matrix), linkage));
      }),
    );
  });

  test('takes the first of equally near neighbours', () => {
    const matrix = { size: 4, values: Float64Array.of(2, 1, 1, 1, 1, 2) };
    expect(nearestNeighbourChain(new ShrinkingMatrix(matrix), 'complete')).toEqual([
      { left: 2, right: 0, height: 1 },
      { left: 3, right: 1, height: 1 },
      { left: 5, right: 4, height: 2 },
    ]);
  });
});

describe('ShrinkingMatrix', () => {
  test('gathers rows that lie in several bands, of distances and of their squares', () => {
    fc.assert(
      fc.property(matrices, fc.integer({ min: 0, max: 2000 }), ({ size, values }, largestBand) => {
        const matrix = new ShrinkingMatrix({ size, values }, largestBand);
        matrix.square();
        const [row] = matrix.rows;
        let index = 0;
        for (let i = 0; i < size; i++) {
          matrix.gather(i, row);
          expect(row.distances[i]).toBe(Number.POSITIVE_INFINITY);
          const later = [...values.subarray(index, index + size - 1 - i)];
          expect([...row.distances.subarray(i + 1)]).toEqual(later.map((distance) => distance * distance));
          index += size - 1 - i;
        }
      }),
    );
  });

  test('leaves the matrix that it was made of as it is', () => {
    const values = Float64Array.of(3, 1, 2);
    nearestNeighbourChain(new ShrinkingMatrix({ size: 3, values }), 'average');
    expect([...values]).toEqual([3, 1, 2]);
  });
});
