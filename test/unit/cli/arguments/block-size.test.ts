import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseBlockSize } from '#cli/arguments/block-size.js';

describe('a block size', () => {
  test.each([
    ['512', 512],
    ['4096', 4096],
    ['64K', 65_536],
    ['64k', 65_536],
    ['64KiB', 65_536],
    ['1M', 1_048_576],
    ['16M', 16_777_216],
  ])('of %s is %d bytes', (text, bytes) => {
    expect(parseBlockSize(text)).toBe(bytes);
  });

  test.each([
    '',
    '0',
    '256',
    '3K',
    '65537',
    '32M',
    '16385K',
    '1G',
    '-4096',
    '4096.0',
    '1e4',
    ' 64K',
    '64 K',
    '0x200',
    '064K',
  ])('is not %j', (text) => {
    expect(parseBlockSize(text)).toBeUndefined();
  });

  test('is a power of two from 512 to 16 MiB, whatever the text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{1,9}[KM]?$/), (text) => {
        const size = parseBlockSize(text) ?? 512;
        expect(Number.isInteger(Math.log2(size)) && size >= 512 && size <= 2 ** 24).toBe(true);
      }),
    );
  });
});
