import { VirtSimilarityError } from '@virt-similarity/core/errors';
import type { Flag } from '../options/flags.js';
import { flagsOfCommand, type KnownCommand } from './known-commands.js';
import { type Operand, scanArguments } from './scan-arguments.js';

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
 * The command that the first operand names, and the other words; the default one where it names none, as when it is an
 * image. `help` and `help COMMAND` ask for `--help`. An image of a command's name is written `./hash`.
 *
 * Options can precede the command. Whether the next word is the value of one is looked up among the options of the command
 * in question, then among those of all commands. So a command is chosen if its name is the first operand as it reads the
 * line. After an option that no command has, the default one is chosen, which refuses it.
 *
 * @throws `usage` where several commands can be meant: an option takes a value with one of them only
 */
export function chooseCommand(words: readonly string[], commands: readonly KnownCommand[]): ChosenCommand {
  const flags = allFlags(commands);
  const readings = commands.map((command) => {
    return { command, operand: firstOperand(words, [...flagsOfCommand(command), ...flags]) };
  });
  const usual = readings.find(({ command }) => command.isDefault)!;
  if (usual.operand?.value === 'help') {
    const others = words.toSpliced(usual.operand.position, 1);
    return { command: chooseCommand(others, commands).command, words: ['--help'] };
  }
  const named = commands.find(({ name }) => name === usual.operand?.value);
  const claimed = readings.filter(({ command, operand }) => operand?.value === command.name);
  if (named === undefined && claimed.length === 0) {
    return { command: usual.command, words };
  }
  const [first, second] = claimed;
  if (first === undefined || second !== undefined || first.command !== named) {
    throw unclear([...claimed.map(({ command }) => command), named ?? usual.command, usual.command]);
  }
  return { command: named, words: words.toSpliced(first.operand!.position, 1) };
}

function unclear(commands: readonly KnownCommand[]): VirtSimilarityError {
  const names = [...new Set(commands.map(({ name }) => name))].slice(0, 2).join(' or ');
  const problem = `expected a command, found options that leave open whether ${names} is meant`;
  return new VirtSimilarityError('usage', `${problem}; put the command before the options`);
}

/** The flags of all commands, and those that every command answers itself. */
export function allFlags(commands: readonly KnownCommand[]): Flag[] {
  return [...ANSWERED, ...commands.flatMap(flagsOfCommand)];
}

/** The first operand; nothing where an unknown option or `--` precedes it. */
function firstOperand(words: readonly string[], flags: readonly Flag[]): Operand | undefined {
  const first = scanArguments(words, flags).find((argument) => argument.kind === 'operand');
  return first?.kind !== 'operand' || first.isLiteral || first.value.startsWith('-') ? undefined : first;
}
