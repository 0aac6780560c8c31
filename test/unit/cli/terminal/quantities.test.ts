import { describe, expect, test } from '@jest/globals';
import { formatBytes, formatCount, formatDuration } from '#cli/terminal/quantities.js';

describe('formatted quantities', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [65_536, '64.0 KiB'],
    [1024 * 1024 - 1, '1.0 MiB'],
    [1.5 * 2 ** 30, '1.5 GiB'],
    [2 ** 50 * 4096, '4096.0 PiB'],
  ])('show %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([
    [0, '0 s'],
    [1, '1 s'],
    [59_000, '59 s'],
    [125_000, '2 min 5 s'],
    [3600_000 * 3 + 60_000 * 4, '3 h 4 min'],
  ])('show %d milliseconds as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  test('use the plural of a noun except for 1', () => {
    expect([0, 1, 2].map((count) => formatCount(count, 'image'))).toEqual(['0 images', '1 image', '2 images']);
  });
});
