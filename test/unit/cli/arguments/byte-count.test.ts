import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseByteCount } from '#cli/arguments/byte-count.js';

describe('a number of bytes', () => {
  test.each([
    ['1', 1],
    ['4096', 4096],
    ['64k', 65_536],
    ['500G', 500 * 2 ** 30],
    ['64TiB', 2 ** 46],
    ['7P', 7 * 2 ** 50],
  ])('of %s is %d', (text, bytes) => {
    expect(parseByteCount(text)).toBe(bytes);
  });

  test.each(['', '0', '8P', '-1', '1.5G', '64 T', '064K', '1E', '0x10'])('is not %j', (text) => {
    expect(parseByteCount(text)).toBeUndefined();
  });

  test('can be counted, whatever the text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{1,16}[KMGTP]?$/), (text) => {
        expect(Number.isSafeInteger(parseByteCount(text) ?? 1)).toBe(true);
      }),
    );
  });
});
