import { describe, expect, test } from '@jest/globals';
import { ANALYZE_SETTINGS, HASH_SETTINGS, parseSettings } from '#cli/arguments/settings.js';

describe('settings', () => {
  test('are in the units of the library', () => {
    const settings = parseSettings(ANALYZE_SETTINGS, { blockSize: '4K', jobs: '3', linkage: 'ward', cache: false });
    expect(settings).toEqual({ blockSize: 4096, jobs: 3, linkage: 'ward', cache: false });
  });

  test('say what may be read, and how', () => {
    const settings = parseSettings(HASH_SETTINGS, { maxVirtualSize: '1T', allowInUse: true, sandbox: false });
    expect(settings).toMatchObject({ maxVirtualSize: 2 ** 40, allowInUse: true, sandbox: 'off' });
    expect(parseSettings(HASH_SETTINGS, { sandbox: true }).sandbox).toBe('required');
  });

  test('keep hash vectors in the working directory unless told otherwise', () => {
    expect(parseSettings(HASH_SETTINGS, {}).cache).toBe('similarity-cache');
  });

  test.each([
    [{ blockSize: '3K' }, "--block-size: expected a power of two from 512 to 16M, such as 4096, 64K or 1M; found '3K'"],
    [{ jobs: '0' }, "--jobs: expected a whole number from 1 to 1024, found '0'"],
    [{ jobs: '1.5' }, "--jobs: expected a whole number from 1 to 1024, found '1.5'"],
    [
      { maxVirtualSize: 'huge' },
      "--max-virtual-size: expected a number of bytes below 8P, such as 500G or 64T; found 'huge'",
    ],
    [{ hash: '' }, '--hash: expected a name, found nothing'],
    [{ output: ['a.nwk', ''] }, '--output: expected a path, found nothing'],
  ])('refuse %j', (options, message) => {
    expect(() => parseSettings(ANALYZE_SETTINGS, options)).toThrow(expect.objectContaining({ code: 'usage', message }));
  });
});
