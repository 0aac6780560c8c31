import { describe, expect, test } from '@jest/globals';
import { chooseCommand } from '#cli/arguments/choose-command.js';
import { defineCommands } from '#cli/arguments/commands.js';

const { options } = defineCommands([]).analyze;
const choose = (line: string) => {
  const { command, words } = chooseCommand(line === '' ? [] : line.split(' '), options);
  return `${command}: ${words.join(' ')}`;
};

describe('the command', () => {
  test.each([
    ['', 'analyze: '],
    ['a.img b.img', 'analyze: a.img b.img'],
    ['analyze a.img', 'analyze: a.img'],
    ['hash a.img', 'hash: a.img'],
    ['-q --cache dir cache list', 'cache: -q --cache dir list'],
    ['--help hash', 'hash: --help'],
    ['a.img hash', 'analyze: a.img hash'],
    ['./hash b.img', 'analyze: ./hash b.img'],
    ['-- hash b.img', 'analyze: -- hash b.img'],
    ['-a hash b.img', 'analyze: -a hash b.img'],
    ['help', 'analyze: --help'],
    ['help cache', 'cache: --help'],
  ])('of %j is %j', (line, chosen) => {
    expect(choose(line)).toBe(chosen);
  });
});
