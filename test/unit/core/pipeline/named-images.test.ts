import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { uniqueNames } from '#core/pipeline/named-images.js';

describe('uniqueNames', () => {
  test('takes base names where they differ', () => {
    expect(uniqueNames(['/vm/a.img', 'b.img'])).toEqual(['a.img', 'b.img']);
  });

  test('takes as much of the path as tells two apart', () => {
    expect(uniqueNames(['/x/web/disk.img', '/y/web/disk.img', 'db/disk.img', 'c.img'])).toEqual([
      'x/web/disk.img',
      'y/web/disk.img',
      'db/disk.img',
      'c.img',
    ]);
  });

  test('gives a unique name for every path, whatever the paths are', () => {
    const path = fc.array(fc.constantFrom('a', 'b', '..', '.', 'a (2)'), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(path), (paths) => {
        const names = uniqueNames(paths.map((parts) => parts.join('/')));
        expect(new Set(names).size).toBe(paths.length);
      }),
    );
  });
});
