import { describe, expect, test } from '@jest/globals';
import { sampleAnalysis } from '@virt-similarity/testing';
import { branchLengths } from '#reporters/branch-lengths.js';

describe('branchLengths', () => {
  test('are half the difference of the heights at their ends; leaves have height 0, the root has no branch', () => {
    const { cladogram } = sampleAnalysis(
      ['a', 'b', 'c'],
      [
        [0, 1, 6],
        [2, 3, 10],
      ],
    );
    expect([...branchLengths(cladogram)]).toEqual([3, 3, 5, 2, 0]);
  });

  test('are negative above a group that is higher than the group that contains it', () => {
    const { cladogram } = sampleAnalysis(
      ['a', 'b', 'c'],
      [
        [0, 1, 10],
        [2, 3, 9],
      ],
    );
    expect(branchLengths(cladogram)[3]).toBe(-0.5);
  });

  test('are 0 for a single leaf', () => {
    expect([...branchLengths(sampleAnalysis(['a'], []).cladogram)]).toEqual([0]);
  });
});
