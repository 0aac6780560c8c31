import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { namesOf, uniqueNames } from '#core/pipeline/image-names.js';

describe('uniqueNames', () => {
  test('uses base names if they differ', () => {
    expect(uniqueNames(['/vm/a.img', 'b.img'])).toEqual(['a.img', 'b.img']);
  });

  test('uses as many directories as needed to distinguish paths', () => {
    expect(uniqueNames(['/x/web/disk.img', '/y/web/disk.img', 'db/disk.img', 'c.img'])).toEqual([
      'x/web/disk.img',
      'y/web/disk.img',
      'db/disk.img',
      'c.img',
    ]);
  });

  test('names an image in an archive together with the archive', () => {
    const archives = new Map([
      ['/x/vm.tar:a/disk.img', '/x/vm.tar'],
      ['/y/vm.tar:a/disk.img', '/y/vm.tar'],
      ['/y/web.ova:disk.img', '/y/web.ova'],
    ]);
    expect(uniqueNames([...archives.keys(), '/y:z/disk.img'], archives)).toEqual([
      'x/vm.tar:a/disk.img',
      'y/vm.tar:a/disk.img',
      'web.ova:disk.img',
      'disk.img',
    ]);
  });

  test('uses complete paths if their parts are equal', () => {
    expect(uniqueNames(['/a/disk.img', 'a/disk.img'])).toEqual(['/a/disk.img', 'a/disk.img']);
  });

  test("numbers equal paths, but does not use another image's name or path", () => {
    expect(uniqueNames(['a', 'a', 'a (2)'])).toEqual(['a', 'a (3)', 'a (2)']);
    expect(uniqueNames(['x/a', 'x/a', 'x/a (2)'])).toEqual(['x/a', 'x/a (3)', 'a (2)']);
  });

  test('returns unique names, none of which is the path of another image, for any paths', () => {
    const path = fc.array(fc.constantFrom('a', 'b', '..', '.', 'a (2)', 'b (2)', ''), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(path), (parts) => {
        const paths = parts.map((each) => each.join('/'));
        const names = uniqueNames(paths);
        expect(new Set(names).size).toBe(paths.length);
        for (const [index, name] of names.entries()) {
          const owner = paths.indexOf(name);
          expect(owner === -1 || paths[owner] === paths[index]).toBe(true);
        }
      }),
    );
  });
});

describe('namesOf', () => {
  test('uses labels, and does not use them as names of other images', () => {
    const labels = new Map([
      ['/vm/1.img', 'web'],
      ['/vm/2.img', 'c.img'],
    ]);
    expect(namesOf(['/vm/1.img', '/vm/2.img', '/vm/c.img', '/vm/d.img'], labels)).toEqual([
      'web',
      'c.img',
      '/vm/c.img',
      'd.img',
    ]);
  });

  test('names hash-vector files after their images, unless another image has the same path', () => {
    const recorded = new Map([
      ['v/1.arrow', '/vm/web.img'],
      ['v/2.arrow', '/vm/db/disk.img'],
      ['v/3.arrow', '/old/db/disk.img'],
      ['v/4.arrow', 'mail.img'],
      ['v/5.arrow', '/'],
      ['v/6.arrow', 'twice'],
      ['v/7.arrow', 'twice'],
    ]);
    expect(namesOf([...recorded.keys(), 'mail.img'], new Map(), recorded)).toEqual([
      'web.img',
      'vm/db/disk.img',
      'old/db/disk.img',
      '4.arrow',
      '5.arrow',
      '6.arrow',
      '7.arrow',
      'mail.img',
    ]);
  });

  test('returns unique names for any labels and paths', () => {
    const word = fc.constantFrom('a', 'b', 'x/a', 'x/b', 'a (2)', 'x/a (2)', '/x/a');
    const images = fc.uniqueArray(word, { minLength: 1 });
    fc.assert(
      fc.property(images, fc.uniqueArray(word), fc.dictionary(word, word), (paths, labels, recorded) => {
        const named = new Map(labels.map((label, index) => [paths[index % paths.length]!, label]));
        const names = namesOf(paths, named, new Map(Object.entries(recorded)));
        expect(new Set(names).size).toBe(paths.length);
      }),
    );
  });
});
