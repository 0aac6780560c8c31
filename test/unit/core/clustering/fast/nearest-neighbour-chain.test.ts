import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { nearestNeighbourChain } from '#core/clustering/fast/nearest-neighbour-chain.js';
import { ShrinkingMatrix } from '#core/clustering/fast/shrinking-matrix.js';
import { tiedMatrices } from '../../../../fixtures/tied-matrices.js';

const LINKAGES = ['complete', 'average', 'weighted', 'ward'] as const;

describe('nearestNeighbourChain', () => {
  test.each(LINKAGES)('returns the same joins for any number of matrix bands, under %s linkage', (linkage) => {
    fc.assert(
      fc.property(tiedMatrices, fc.integer({ min: 0, max: 2000 }), (matrix, largestBand) => {
        const inBands = nearestNeighbourChain(new ShrinkingMatrix(matrix, largestBand), linkage);
        expect(inBands).toEqual(nearestNeighbourChain(new ShrinkingMatrix(matrix), linkage));
      }),
    );
  });

  test('chooses the first of equally near neighbours', () => {
    const matrix = { size: 4, values: Float64Array.of(2, 1, 1, 1, 1, 2) };
    expect(nearestNeighbourChain(new ShrinkingMatrix(matrix), 'complete')).toEqual([
      { left: 2, right: 0, height: 1 },
      { left: 3, right: 1, height: 1 },
      { left: 5, right: 4, height: 2 },
    ]);
  });
});

describe('ShrinkingMatrix', () => {
  test('gathers rows of squared distances from several bands', () => {
    fc.assert(
      fc.property(tiedMatrices, fc.integer({ min: 0, max: 2000 }), ({ size, values }, largestBand) => {
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

  test('does not change the original matrix', () => {
    const values = Float64Array.of(3, 1, 2);
    nearestNeighbourChain(new ShrinkingMatrix({ size: 3, values }), 'average');
    expect([...values]).toEqual([3, 1, 2]);
  });
});
