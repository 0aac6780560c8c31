import { describe, expect, test } from '@jest/globals';
import { chooseCommand } from '#cli/arguments/choose-command.js';
import { knownCommands } from '#cli/arguments/known-commands.js';
import { commandOf } from './sample-commands.js';

const AUDIT = commandOf('audit', {
  options: {
    depth: { type: 'number', description: '' },
    // A switch here, but an option with a value for the reports of analyze.
    volume: { type: 'boolean', description: '' },
  },
});
const COMMANDS = knownCommands(
  {
    dialect: { type: 'enum', values: ['safe', 'quoted'], description: '' },
    volume: { type: 'enum', values: ['low', 'high'], description: '' },
  },
  [AUDIT],
);

const choose = (line: string) => {
  const { command, words } = chooseCommand(line === '' ? [] : line.split(' '), COMMANDS);
  return `${command.name}: ${words.join(' ')}`;
};

describe('the command', () => {
  test.each([
    ['', 'analyze: '],
    ['a.img b.img', 'analyze: a.img b.img'],
    ['analyze a.img', 'analyze: a.img'],
    ['hash a.img', 'hash: a.img'],
    ['--help hash', 'hash: --help'],
    ['a.img hash', 'analyze: a.img hash'],
    ['./hash b.img', 'analyze: ./hash b.img'],
    ['-- hash b.img', 'analyze: -- hash b.img'],
    ['-a hash b.img', 'analyze: -a hash b.img'],
    ['help', 'analyze: --help'],
    ['help cache', 'cache: --help'],
    ['help audit', 'audit: --help'],
  ])('and its words in %j are %j', (line, chosen) => {
    expect(choose(line)).toBe(chosen);
  });

  test.each([
    ['-v hash x', 'hash: -v x'],
    ['-qv --color never hash x', 'hash: -qv --color never x'],
    ['--plugin ./x.js audit x', 'audit: --plugin ./x.js x'],
    ['--plugin hash audit', 'audit: --plugin hash'],
  ])('can follow common options: %j is read as %j', (line, chosen) => {
    expect(choose(line)).toBe(chosen);
  });

  test.each([
    ['-q --cache dir cache list', 'cache: -q --cache dir list'],
    ['--metric hash hash x', 'hash: --metric hash x'],
    ['--dialect safe audit', 'audit: --dialect safe'],
    ['--depth 3 audit x', 'audit: --depth 3 x'],
    ['--no-cache audit', 'audit: --no-cache'],
    ['-o hash a b', 'analyze: -o hash a b'],
  ])('is chosen from a line that begins with options of specific commands: %j is read as %j', (line, chosen) => {
    expect(choose(line)).toBe(chosen);
  });

  test('is the default command after an unknown option', () => {
    expect(choose('--x y hash z')).toBe('analyze: --x y hash z');
    expect(choose('-Z hash z')).toBe('analyze: -Z hash z');
  });

  test.each([
    // Either audit with a switch, or analyze with the value audit and the image x.
    '--volume audit x',
    // Either audit with its switch and the operand high, or analyze with the value high and the image audit.
    '--volume high audit',
    '--volume --depth 3 audit',
  ])('must precede an option with two meanings if the line has two readings: %j', (line) => {
    expect(() => choose(line)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message:
          'ambiguous command: with these options it could be audit or analyze; put the command before the options',
      }),
    );
  });

  test.each([
    ['audit --volume x', 'audit: --volume x'],
    ['analyze --volume low x', 'analyze: --volume low x'],
    ['--volume low a.img b.img', 'analyze: --volume low a.img b.img'],
    ['--volume low hash a.img', 'hash: --volume low a.img'],
    ['--volume high help hash', 'hash: --help'],
  ])('is known despite an option with two meanings if the line has one reading: %j is read as %j', (line, chosen) => {
    expect(choose(line)).toBe(chosen);
  });
});
