import { describe, expect, test } from '@jest/globals';
import { didYouMean } from '#core/errors.js';

const METRICS = ['hamming', 'hamming-fraction', 'jaccard'];

describe('a suggestion', () => {
  test('is the candidate that looks most like the word', () => {
    expect(didYouMean('haming', METRICS)).toBe("; did you mean 'hamming'?");
    expect(didYouMean('JACARD', METRICS)).toBe("; did you mean 'jaccard'?");
  });

  test('is not made where nothing looks like the word', () => {
    expect(didYouMean('euclid', METRICS)).toBe('');
    expect(didYouMean('', METRICS)).toBe('');
    expect(didYouMean('x', [])).toBe('');
  });
});
