import { describe, expect, test } from '@jest/globals';
import type { Command } from '@virt-similarity/core';
import { knownCommands } from '#cli/arguments/known-commands.js';
import { COMMANDS } from '#cli/commands/command-index.js';
import { commandOf } from './sample-commands.js';

describe('the known commands', () => {
  test('are those of the index and of plugins, and the first is the default', () => {
    const commands = knownCommands({}, [commandOf('audit')]);
    expect(commands.map(({ name }) => name)).toEqual([...COMMANDS.map(({ name }) => name), 'audit']);
    expect(commands.filter(({ isDefault }) => isDefault).map(({ name }) => name)).toEqual(['analyze']);
  });

  test('all accept --quiet, but only analyze accepts options of reporters', () => {
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
      'has the name of a built-in command',
      'hash',
      {},
      /virt-similarity already has a command of that name; give it another name$/,
    ],
    ['is named help', 'help', {}, /already has a command of that name/],
    ['has a name with capital letters and a space', 'Audit All', {}, /lower-case words joined by hyphens$/],
    [
      'redeclares a common option',
      'audit',
      option('quiet'),
      /option quiet: the command already has an option of that name$/,
    ],
    ['has an option named help', 'audit', option('help'), /option help: the command already has an option/],
    ['has an option that looks like a negation', 'audit', option('no-depth'), /option no-depth: expected/],
    ['has an option with a reserved name', 'audit', option('constructor'), /option constructor: expected/],
    [
      'has the short form of a common option',
      'audit',
      option('vary', 'v'),
      /option vary: expected a short form.*found 'v'$/,
    ],
    [
      'has a short form of two letters',
      'audit',
      option('depth', 'de'),
      /option depth: expected a short form.*found 'de'$/,
    ],
  ])("do not include a plugin's command that %s", (_, name, more, message) => {
    expect(() => knownCommands({}, [commandOf(name, more)])).toThrow(
      expect.objectContaining({ code: 'plugin', message: expect.stringMatching(message) }),
    );
  });
});
