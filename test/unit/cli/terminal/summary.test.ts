import { describe, expect, test } from '@jest/globals';
import { summarize } from '#cli/terminal/summary.js';

describe('the summary', () => {
  test('counts only the real bytes of a partial last block', () => {
    const image = { name: 'a', path: 'a', virtualSize: 70_000, dataBlocks: 2, repeatedBlocks: 2 };
    const parameters = {
      algorithm: 'sha256',
      blockSize: 65_536,
      metric: 'hamming',
      unit: 'blocks',
      linkage: 'single',
    } as const;
    expect(summarize({ images: [image, image], failures: [], parameters })).toMatch(
      /: 136\.7 KiB virtual, 136\.7 KiB data, /,
    );
  });

  test('adds up the images in bytes', () => {
    const image = { name: 'a', path: 'a', virtualSize: 2 ** 30, dataBlocks: 16, repeatedBlocks: 8 };
    const parameters = {
      algorithm: 'sha256',
      blockSize: 65_536,
      metric: 'hamming',
      unit: 'blocks',
      linkage: 'single',
    } as const;
    expect(summarize({ images: [image, image], failures: [], parameters })).toBe(
      '2 images: 2.0 GiB virtual, 2.0 MiB data, of which 1.0 MiB are shared with another image at the same position',
    );
    expect(summarize({ images: [image], failures: [{} as never], parameters })).toMatch(/^1 image \(1 more failed\): /);
  });
});
