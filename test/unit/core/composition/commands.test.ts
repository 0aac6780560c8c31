import { describe, expect, test } from '@jest/globals';
import { type Command, createAnalyzer, type Plugin } from '@virt-similarity/core';

const command = (summary: string): Command => ({ summary, run: () => 0 });
const plugin = (name: string, commands: Record<string, unknown>): Plugin => ({ name, commands }) as Plugin;

describe('the commands of plugins', () => {
  test('are found by name, and listed with their plugin', () => {
    const { commands, registrations } = createAnalyzer({ plugins: [plugin('mine', { audit: command('audits') })] });
    expect(commands.map(({ name, part }) => [name, part.summary])).toEqual([['audit', 'audits']]);
    expect(registrations).toContainEqual({ kind: 'command', name: 'audit', plugin: 'mine', url: undefined });
  });

  test('replace those of earlier plugins, with a note', () => {
    const notes: string[] = [];
    const plugins = [plugin('one', { audit: command('first') }), plugin('two', { audit: command('second') })];
    const logger = { note: (_level: string, message: string) => void notes.push(message) };
    expect(createAnalyzer({ plugins, logger }).commands.map(({ part }) => part.summary)).toEqual(['second']);
    expect(notes).toEqual(['command audit of one is replaced by that of two']);
  });

  test.each([
    ['no method run', { summary: 'x' }, /to have a method run/],
    ['no summary', { run: () => 0 }, /summary to be a non-empty string/],
    ['options in a list', { summary: 'x', run: () => 0, options: [{ name: 'a' }] }, /options to be options by name/],
    ['an option without a type', { summary: 'x', run: () => 0, options: { a: { description: '' } } }, /options to be/],
    [
      'an enumeration without values',
      { ...command('x'), options: { a: { type: 'enum', description: '' } } },
      /options to be/,
    ],
  ])('are refused with %s', (_, broken, message) => {
    const analyzer = createAnalyzer({ plugins: [plugin('p', { broken })] });
    expect(() => analyzer.commands).toThrow(
      expect.objectContaining({ code: 'plugin', message: expect.stringMatching(message) }),
    );
  });
});
