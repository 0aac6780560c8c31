import { describe, expect, test } from '@jest/globals';
import type { Operands } from '@virt-similarity/core';
import { knownCommands } from '#cli/arguments/known-commands.js';
import { requireOperands } from '#cli/arguments/require-operands.js';
import { commandOf } from './sample-commands.js';

const check = (operands: Operands | undefined, words: string[]) =>
  requireOperands(knownCommands({}, [commandOf('audit', operands === undefined ? {} : { operands })]).at(-1)!, words);

describe('requireOperands', () => {
  test.each<[Operands | undefined, string[]]>([
    [undefined, ['a', 'b', 'c']],
    [{ max: 0 }, []],
    [{ min: 1 }, ['a', 'b']],
    [{ min: 1, max: 1, values: ['list', 'prune'] }, ['prune']],
  ])('with %j accepts %j', (operands, words) => {
    expect(() => check(operands, words)).not.toThrow();
  });

  test.each<[Operands, string[], string]>([
    [{ max: 0 }, ['all'], "audit: too many arguments: expected none; found 'all'"],
    [{ min: 2, max: 2 }, ['a'], "audit: expected 2 arguments; found 'a'"],
    [{ min: 1, max: 1 }, [], 'audit: expected 1 argument; found nothing'],
    [{ min: 1 }, [], 'audit: expected at least 1 argument; found nothing'],
    [{ max: 2 }, ['a', 'b', 'c'], "audit: too many arguments: expected at most 2 arguments; found 'a b c'"],
    [{ min: 1, max: 2 }, [], 'audit: expected 1 to 2 arguments; found nothing'],
    [{ min: 1, max: 1, values: ['list', 'prune'] }, [], 'audit: expected one of list, prune; found nothing'],
    [
      { min: 1, max: 1, values: ['list', 'prune'] },
      ['prun'],
      "audit: expected one of list, prune; found 'prun'; did you mean 'prune'?",
    ],
  ])('with %j refuses %j', (operands, words, message) => {
    expect(() => check(operands, words)).toThrow(expect.objectContaining({ code: 'usage', message }));
  });
});
