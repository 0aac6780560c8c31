import { VirtSimilarityError } from '@virt-similarity/core/errors';
import type { Flag } from '../options/flags.js';
import { flagsOfCommand, type KnownCommand } from './known-commands.js';
import { scanArguments } from './scan-arguments.js';

/** A command, and the words that are for it. */
export interface ChosenCommand {
  readonly command: KnownCommand;
  readonly words: readonly string[];
}

/** What every command answers itself. */
const ANSWERED = ['help', 'version'].map((name) => {
  return { name, long: `--${name}`, takesValue: false, isRepeated: false, placeholder: '', help: '' };
});

/**
 * The command that the first operand names, and the other words; the default one where it names none, as when it is an image.
 * `help` and `help COMMAND` ask for `--help`. An image of a command's name is written `./hash`.
 *
 * Options can precede the command. To know whether the next word is the value of one, the options of all commands are
 * looked up: those that every command takes, and others as far as all commands that have one agree. After an option that
 * no command has, the default one is chosen, which refuses it.
 *
 * @throws VirtSimilarityError `usage` where the first operand depends on the command: an option before it takes a value
 *   with one command and none with another.
 */
export function chooseCommand(words: readonly string[], commands: readonly KnownCommand[]): ChosenCommand {
  const flags = allFlags(commands);
  const fallback = { command: commands.find(({ isDefault }) => isDefault)!, words };
  for (const argument of scanArguments(words, flags)) {
    if (argument.kind === 'option') {
      requireOneMeaning(argument.flag, flags);
      continue;
    }
    const { value, position, isLiteral } = argument;
    if (isLiteral || value.startsWith('-')) {
      return fallback;
    }
    const others = words.toSpliced(position, 1);
    if (value === 'help') {
      return { command: chooseCommand(others, commands).command, words: ['--help'] };
    }
    const command = commands.find(({ name }) => name === value);
    return command === undefined ? fallback : { command, words: others };
  }
  return fallback;
}

/** The flags of all commands. One that commands declare alike is there once. */
export function allFlags(commands: readonly KnownCommand[]): Flag[] {
  const flags: Flag[] = [...ANSWERED];
  for (const flag of commands.flatMap(flagsOfCommand)) {
    if (!flags.some((other) => isSameWord(other, flag) && other.takesValue === flag.takesValue)) {
      flags.push(flag);
    }
  }
  return flags;
}

function requireOneMeaning(flag: Flag, flags: readonly Flag[]): void {
  if (flags.some((other) => isSameWord(other, flag) && other.takesValue !== flag.takesValue)) {
    throw new VirtSimilarityError(
      'usage',
      `${flag.long} takes a value with some commands only; put the command before it, such as analyze ${flag.long}`,
    );
  }
}

function isSameWord(one: Flag, other: Flag): boolean {
  return one.long === other.long || (one.short !== undefined && one.short === other.short);
}
