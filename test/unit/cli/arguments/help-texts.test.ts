import { describe, expect, test } from '@jest/globals';
import { helpEpilogue, shortHelp } from '#cli/arguments/help-texts.js';
import { knownCommands } from '#cli/arguments/known-commands.js';
import { commandOf } from './sample-commands.js';

const COMMANDS = knownCommands({}, [commandOf('audit')]);
const [ANALYZE, HASH] = COMMANDS as [(typeof COMMANDS)[0], (typeof COMMANDS)[0]];

describe('the short help', () => {
  const text = shortHelp(COMMANDS);

  test('has three examples and refers to the full help', () => {
    expect(text.match(/^ {2}virt-similarity .* {2}\S/gm)).toHaveLength(3);
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

  test('is empty for another command', () => {
    expect(helpEpilogue(HASH, COMMANDS)).toBe('');
  });
});
