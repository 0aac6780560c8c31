import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isEscaped, pathText, systemPath } from '#core/files/path-text.js';
import { anyText } from '../../../fixtures/any-text.js';

/** Bytes that often start, continue or break UTF-8 characters. */
const bytes = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xff }).map((byte) => [byte]),
      fc.constantFrom([0xed, 0xa0, 0x80], [0xed, 0xb2, 0x80], [0xf4, 0x90], [0xc3], [0xe2, 0x82], [0xc0, 0xaf], [0x2f]),
      anyText({ maxLength: 3 }).map((text) => [...Buffer.from(text)]),
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.from(parts.flat()));

describe('the text of a path', () => {
  test('converts back to the same bytes, for any bytes', () => {
    fc.assert(
      fc.property(bytes, (path) => Buffer.from(systemPath(pathText(path))).equals(path)),
      { numRuns: 2000 },
    );
  });

  test('is the decoded text for valid UTF-8, which is passed to the system unchanged', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(pathText(Buffer.from(text))).toBe(text);
        expect(systemPath(text)).toBe(text);
      }),
    );
  });

  test("accepts a string, which Yarn's realpath returns instead of bytes", () => {
    expect(pathText('/tmp/é')).toBe('/tmp/é');
  });

  test('can be split and joined at slashes', () => {
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const whole = Buffer.concat([one, Buffer.from('/'), other]);
        expect(pathText(whole)).toBe(`${pathText(one)}/${pathText(other)}`);
      }),
    );
  });

  test('shows whether any byte was escaped', () => {
    fc.assert(fc.property(bytes, (path) => isEscaped(pathText(path)) !== path.equals(Buffer.from(path.toString()))));
  });

  test.each([
    ['a byte beyond ASCII', [0x61, 0xe9, 0x62], 'a\udce9b'],
    ['a truncated character', [0xe2, 0x82], '\udce2\udc82'],
    ['an encoded surrogate', [0xed, 0xa0, 0x80], '\udced\udca0\udc80'],
    ['an encoded escape', [0xed, 0xb3, 0xbf], '\udced\udcb3\udcbf'],
    ['an overlong slash', [0xc0, 0xaf], '\udcc0\udcaf'],
    ['a code point beyond Unicode', [0xf4, 0x90, 0x80, 0x80], '\udcf4\udc90\udc80\udc80'],
    ['a valid character before a stray byte', [0xf0, 0x9f, 0x92, 0xbe, 0x9f], '\u{1f4be}\udc9f'],
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0xff], '\ufeff\udcff'],
  ])('escapes %s like Python', (_, path, text) => {
    expect(pathText(Buffer.from(path))).toBe(text);
  });

  test('names a file with the original bytes', () => {
    const directory = mkdtempSync(`${tmpdir()}/path-text-`);
    try {
      writeFileSync(systemPath(`${directory}/caf\udce9`), '');
      expect(readdirSync(directory, { encoding: 'buffer' })).toEqual([Buffer.from('caf\xe9', 'latin1')]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
