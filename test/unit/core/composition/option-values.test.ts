import { describe, expect, test } from '@jest/globals';
import type { OptionDeclaration } from '@virt-similarity/core';
import { completeOptionValues, formatSize, optionValueOf, readOptionValue } from '@virt-similarity/core/options';
import fc from 'fast-check';

const BLOCK_SIZE: OptionDeclaration = {
  type: 'size',
  powerOfTwo: true,
  min: 512,
  max: 2 ** 24,
  default: 65_536,
  description: 'bytes of a block',
};
const BYTES: OptionDeclaration = { type: 'size', min: 1, description: 'bytes' };
const SECONDS: OptionDeclaration = { type: 'seconds', min: 0, max: 1_000_000, description: 'a time' };
const JOBS: OptionDeclaration = { type: 'number', whole: true, min: 1, max: 1024, description: 'threads' };
const RATIO: OptionDeclaration = { type: 'number', description: 'a ratio' };
const LABELS: OptionDeclaration = { type: 'enum', values: ['safe', 'quoted'], description: 'labels' };
const CACHE: OptionDeclaration = { type: 'file', negation: 'no cache', description: 'a directory' };
const FILES: OptionDeclaration = { type: 'files', description: 'files' };
const TEXT: OptionDeclaration = { type: 'string', description: 'any text' };
const TEXTS: OptionDeclaration = { type: 'strings', description: 'any texts' };
const SWITCH: OptionDeclaration = { type: 'boolean', description: 'a switch' };

describe('a value', () => {
  test.each<[string, OptionDeclaration, unknown, unknown]>([
    ['a block size', BLOCK_SIZE, '512', 512],
    ['a block size', BLOCK_SIZE, '64k', 65_536],
    ['a block size', BLOCK_SIZE, '64KiB', 65_536],
    ['a block size', BLOCK_SIZE, '16M', 16_777_216],
    ['a block size', BLOCK_SIZE, 4096, 4096],
    ['bytes', BYTES, '1', 1],
    ['bytes', BYTES, '500G', 500 * 2 ** 30],
    ['bytes', BYTES, '64TiB', 2 ** 46],
    ['bytes', BYTES, '7P', 7 * 2 ** 50],
    ['seconds', SECONDS, '0', 0],
    ['seconds', SECONDS, '0.25', 0.25],
    ['seconds', SECONDS, '1000000', 1_000_000],
    ['a whole number', JOBS, '3', 3],
    ['a whole number', JOBS, 1024, 1024],
    ['a number', RATIO, '-1.5e-3', -0.0015],
    ['an enumeration', LABELS, 'quoted', 'quoted'],
    ['a path', CACHE, 'a b', 'a b'],
    ['a path that can be disabled', CACHE, false, false],
    ['paths', FILES, 'a', ['a']],
    ['paths', FILES, ['a', 'b'], ['a', 'b']],
    ['text', TEXT, '', ''],
    ['texts', TEXTS, '', ['']],
    ['a switch', SWITCH, 'false', false],
    ['a switch', SWITCH, true, true],
  ])('of %s is read from %j as %j', (_, declaration, given, value) => {
    expect(optionValueOf('--x', declaration, given)).toEqual(value);
  });

  test.each<[OptionDeclaration, unknown[], string]>([
    [
      BLOCK_SIZE,
      ['', '0', '256', '3K', '65537', '32M', '1G', '-4096', '4096.0', '1e4', ' 64K', '64 K', '0x200', '064K', 1.5, []],
      'a power of two from 512 to 16M, such as 65536 or 64K;',
    ],
    [
      BYTES,
      ['', '0', '8P', '-1', '1.5G', '64 T', '064K', '1E', '0x10', 0.5],
      'a number of bytes of at least 1, such as 65536 or 64K;',
    ],
    [
      SECONDS,
      ['', '-1', '1e3', '60s', '1000001', '99999999', '0.0001', 'Infinity', '٣', true],
      'seconds from 0 to 1000000, such as 60 or 0.5;',
    ],
    [JOBS, ['', '0', '1025', '1.5', '0x10', ' 3', 1.5, null], 'a whole number from 1 to 1024,'],
    [RATIO, ['', 'x', '0x10', Number.NaN], 'a number,'],
    [LABELS, ['none', '', true], 'one of safe, quoted;'],
    [CACHE, [''], 'a path,'],
    [CACHE, [true, 1], 'a path or false,'],
    [FILES, ['', ['a', ''], [1]], 'a path,'],
    [TEXT, [1], 'a string,'],
    [TEXTS, [['a', 1]], 'a list of strings,'],
    [SWITCH, ['yes', 1, 'constructor'], 'true or false,'],
  ])('of %j cannot be any of %j', (declaration, values, expected) => {
    for (const value of values) {
      expect(() => optionValueOf('--x', declaration, value)).toThrow(
        expect.objectContaining({
          code: 'usage',
          message: expect.stringContaining(`--x: expected ${expected} found `),
        }),
      );
    }
  });

  test('that is missing or misspelt is reported as such', () => {
    expect(() => optionValueOf('--output', FILES, ['a.nwk', ''])).toThrow('--output: expected a path, found nothing');
    expect(() => optionValueOf('--labels', LABELS, 'quotd')).toThrow(/; found 'quotd'; did you mean 'quoted'\?$/);
  });

  test('of a size is a safe integer, and a power of two if required, for up to 16 digits and any unit', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{1,16}[KMGTP]?$/), (text) => {
        const size = Number(readOptionValue(BLOCK_SIZE, text) ?? 512);
        expect(Number.isInteger(Math.log2(size)) && size >= 512 && size <= 2 ** 24).toBe(true);
        expect(Number.isSafeInteger(readOptionValue(BYTES, text) ?? 1)).toBe(true);
      }),
    );
  });
});

test.each([
  [0, '0'],
  [1, '1'],
  [1000, '1000'],
  [65_536, '64K'],
  [64 * 2 ** 40, '64T'],
  [2 ** 50, '1P'],
])('%d bytes are formatted as %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

describe('the values of all options', () => {
  const declared = { jobs: JOBS, 'block-size': BLOCK_SIZE, constructor: SWITCH };

  test('include defaults for options that are not given', () => {
    expect(completeOptionValues('mine', declared, { jobs: '2' })).toEqual({ jobs: 2, 'block-size': 65_536 });
  });

  test('are refused with the names of the option and its owner', () => {
    expect(() => completeOptionValues('mine', declared, { jobs: 0 })).toThrow(
      'option jobs of mine: expected a whole number from 1 to 1024, found 0',
    );
    expect(() => completeOptionValues('mine', declared, { job: 1 })).toThrow(/unknown option job of mine:.*'jobs'\?$/);
    expect(() => completeOptionValues('mine', {}, { job: 1 })).toThrow(
      'unknown option job of mine: it has no options; leave it out',
    );
  });
});
