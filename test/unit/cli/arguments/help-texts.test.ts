import { describe, expect, test } from '@jest/globals';
import rebase from '@virt-similarity/rebase/plugin';
import { helpEpilogue, shortHelp } from '#cli/arguments/help-texts.js';
import { knownCommands } from '#cli/arguments/known-commands.js';
import { parseWords } from '#cli/arguments/parse-words.js';
import { commandOf } from './sample-commands.js';

const PROVIDED = Object.entries(rebase.commands).map(([name, part]) => ({ name, part }));
const COMMANDS = knownCommands({}, [...PROVIDED, commandOf('audit')]);
const [ANALYZE, HASH] = COMMANDS as [(typeof COMMANDS)[0], (typeof COMMANDS)[0]];

describe('the short help', () => {
  const text = shortHelp(COMMANDS);

  test('has three examples and refers to the full help', () => {
    expect(text.match(/^ {2}virt-similarity .*\n {6}\S/gm)).toHaveLength(3);
    expect(text).toMatch(/virt-similarity --help\n$/);
  });

  test('names every command', () => {
    expect(text).toContain(`Commands: ${COMMANDS.map(({ name }) => name).join(', ')}\n`);
  });
});

describe('the help epilogue', () => {
  test('lists the other commands, including those of plugins', () => {
    const text = helpEpilogue(ANALYZE, COMMANDS);
    expect(text).toMatch(/^ {2}virt-similarity audit +does audit$/m);
    expect(text.match(/^ {2}virt-similarity /gm)).toHaveLength(COMMANDS.length - 1);
    expect(text).toContain('Exit codes: 0 success');
  });

  test('is empty for a command that is not the default', () => {
    expect(helpEpilogue(HASH, COMMANDS)).toBe('');
  });
});

describe('the examples of a command', () => {
  test.each(COMMANDS.filter(({ name }) => name !== 'audit'))('are in its help, before the options: $name', (known) => {
    const parsed = parseWords(known, ['--help'], '');
    const text = 'text' in parsed ? parsed.text : '';
    const examples = known.command.examples!;
    expect(examples.length).toBeGreaterThan(0);
    for (const [line, purpose] of examples) {
      expect(text).toContain(`\n  ${line}\n      ${purpose}\n`);
    }
    expect(text.indexOf('\nExamples:\n')).toBeGreaterThan(0);
    expect(text.indexOf('\nExamples:\n')).toBeLessThan(text.indexOf('\n  -'));
  });

  test('and the rest of its help fit a terminal of 80 columns', () => {
    for (const known of COMMANDS) {
      const parsed = parseWords(known, ['--help'], helpEpilogue(known, COMMANDS));
      const text = 'text' in parsed ? parsed.text : '';
      expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    }
  });
});
