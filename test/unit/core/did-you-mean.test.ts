import { describe, expect, test } from '@jest/globals';
import { didYouMean } from '#core/errors.js';

const METRICS = ['hamming', 'hamming-fraction', 'jaccard'];

describe('a suggestion', () => {
  test('is the candidate most similar to the word', () => {
    expect(didYouMean('haming', METRICS)).toBe("; did you mean 'hamming'?");
    expect(didYouMean('JACARD', METRICS)).toBe("; did you mean 'jaccard'?");
  });

  test('for a short word differs by one letter, or by two letters that are swapped', () => {
    const candidates = ['phy', 'nwk', 'svg', 'html'];
    expect(didYouMean('svf', candidates)).toBe("; did you mean 'svg'?");
    expect(didYouMean('nkw', candidates)).toBe("; did you mean 'nwk'?");
    expect(didYouMean('htm', candidates)).toBe("; did you mean 'html'?");
    expect(didYouMean('pdf', candidates)).toBe('');
    expect(didYouMean('png', candidates)).toBe('');
  });

  test('is omitted if no candidate is similar to the word', () => {
    expect(didYouMean('euclid', METRICS)).toBe('');
    expect(didYouMean('', METRICS)).toBe('');
    expect(didYouMean('x', [])).toBe('');
  });
});
