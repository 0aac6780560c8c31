import { describe, expect, test } from '@jest/globals';
import type { Command } from '@virt-similarity/core';
import { knownCommands } from '#cli/arguments/known-commands.js';
import { COMMANDS } from '#cli/commands/command-index.js';
import { commandOf } from './sample-commands.js';

describe('the commands', () => {
  test('are those of the index and of plugins, the first being the default', () => {
    const commands = knownCommands({}, [commandOf('audit')]);
    expect(commands.map(({ name }) => name)).toEqual([...COMMANDS.map(({ name }) => name), 'audit']);
    expect(commands.filter(({ isDefault }) => isDefault).map(({ name }) => name)).toEqual(['analyze']);
  });

  test('take the options of every command; only some those of reporters', () => {
    const options = { heights: { type: 'boolean', description: '' } } as const;
    const commands = knownCommands(options, [commandOf('audit', { options: { depth: options.heights } })]);
    expect(commands.every((command) => 'quiet' in command.options)).toBe(true);
    expect(commands.filter(({ reportOptions }) => 'heights' in reportOptions).map(({ name }) => name)).toEqual([
      'analyze',
    ]);
    expect(commands.at(-1)?.options).toHaveProperty('depth');
  });

  const option = (name: string, short?: string): Partial<Command> => ({
    options: { [name]: { type: 'boolean', description: '', ...(short === undefined ? {} : { short }) } },
  });

  test.each<[string, string, Partial<Command>, RegExp]>([
    [
      'has the name of a built-in one',
      'hash',
      {},
      /virt-similarity already has a command of that name; give it another name$/,
    ],
    ['is called help', 'help', {}, /already has a command of that name/],
    ['cannot be typed', 'Audit All', {}, /lower-case words joined by hyphens$/],
    [
      'has an option of every command',
      'audit',
      option('quiet'),
      /option quiet: the command already has an option of that name$/,
    ],
    ['has an option help', 'audit', option('help'), /option help: the command already has an option/],
    ['has an option that looks negated', 'audit', option('no-depth'), /option no-depth: expected/],
    ['has an option of a reserved name', 'audit', option('constructor'), /option constructor: expected/],
    ['has a letter of every command', 'audit', option('vary', 'v'), /option vary: expected a short form.*found 'v'$/],
    ['has a letter of two', 'audit', option('depth', 'de'), /option depth: expected a short form.*found 'de'$/],
  ])('of plugins are refused where one %s', (_, name, more, message) => {
    expect(() => knownCommands({}, [commandOf(name, more)])).toThrow(
      expect.objectContaining({ code: 'plugin', message: expect.stringMatching(message) }),
    );
  });
});
