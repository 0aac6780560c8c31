import { describe, expect, test } from '@jest/globals';
import type { OptionDeclaration } from '@virt-similarity/core';
import { flagsOf } from '#cli/options/flags.js';

const flags = (declaration: OptionDeclaration) =>
  flagsOf({ name: declaration }).map(({ short, long, placeholder, help }) => [short, long, placeholder, help]);

describe('flagsOf', () => {
  test.each<[string, OptionDeclaration, (string | undefined)[][]]>([
    ['a switch', { type: 'boolean', short: 'n', description: 'x' }, [['-n', '--name', '', 'x']]],
    [
      'a switch that is on by default',
      { type: 'boolean', default: true, description: 'x', negation: 'not x' },
      [[undefined, '--no-name', '', 'not x']],
    ],
    [
      'a size',
      { type: 'size', default: 65_536, description: 'x' },
      [[undefined, '--name', 'size', 'x (default: 64K)']],
    ],
    [
      'a path that can be disabled',
      { type: 'file', placeholder: 'dir', default: 'cache', description: 'x', negation: 'no x' },
      [
        [undefined, '--name', 'dir', 'x (default: cache)'],
        [undefined, '--no-name', '', 'no x'],
      ],
    ],
    [
      'one of several values',
      { type: 'enum', values: ['a', 'b'], default: 'a', description: 'x' },
      [[undefined, '--name', 'value', 'x (a, b; default: a)']],
    ],
    ['several paths', { type: 'files', description: 'x' }, [[undefined, '--name', 'file', 'x (may be repeated)']]],
    [
      'several texts',
      { type: 'strings', default: ['a', 'b'], description: 'x' },
      [[undefined, '--name', 'text', 'x (may be repeated; default: a, b)']],
    ],
  ])('returns the flags of %s', (_, declaration, expected) => {
    expect(flags(declaration)).toEqual(expected);
  });
});
