import { VirtSimilarityError } from '@virt-similarity/core/errors';
import type { Flag } from '../options/flags.js';
import { flagsOfCommand, type KnownCommand } from './known-commands.js';
import { type Operand, scanArguments } from './scan-arguments.js';

/** A command and its arguments. */
export interface ChosenCommand {
  readonly command: KnownCommand;
  readonly words: readonly string[];
}

/** The flags that commander handles for every command. */
const BUILT_IN_FLAGS = ['help', 'version'].map((name) => {
  return { name, long: `--${name}`, takesValue: false, isRepeated: false, placeholder: '', help: '' };
});

/**
 * Returns the command that the first operand names, and the remaining words. If the first operand is not a command
 * name (for example an image), returns the default command. `help COMMAND` is read as `COMMAND --help`, and `help` as
 * `--help`. An image with the name of a command, or named `help`, must be written with a directory: `./hash`.
 *
 * Options can precede the command, so the line is scanned once for each command: with the options of that command, then
 * those of all commands, to decide which words are option values. A command is chosen if its name is the first operand
 * of its own scan. If a word that begins with an option of no command precedes the first operand, the default command
 * is chosen, and refuses that word.
 *
 * @throws `usage` if the line is ambiguous because an option takes a value with one command but not with another.
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
  const candidates = readings.filter(({ command, operand }) => operand?.value === command.name);
  if (named === undefined && candidates.length === 0) {
    return { command: usual.command, words };
  }
  const [first, second] = candidates;
  if (first === undefined || second !== undefined || first.command !== named) {
    throw ambiguousCommand([...candidates.map(({ command }) => command), named ?? usual.command, usual.command]);
  }
  return { command: named, words: words.toSpliced(first.operand!.position, 1) };
}

function ambiguousCommand(commands: readonly KnownCommand[]): VirtSimilarityError {
  const names = [...new Set(commands.map(({ name }) => name))].slice(0, 2).join(' or ');
  const problem = `ambiguous command: with these options it could be ${names}`;
  return new VirtSimilarityError('usage', `${problem}; put the command before the options`);
}

/** Returns the flags of all commands, including `--help` and `--version`. */
export function allFlags(commands: readonly KnownCommand[]): Flag[] {
  return [...BUILT_IN_FLAGS, ...commands.flatMap(flagsOfCommand)];
}

/**
 * Returns the first operand; `undefined` if there is none, if it is `-`, or if `--` or a word that begins with an
 * unknown option precedes it.
 */
function firstOperand(words: readonly string[], flags: readonly Flag[]): Operand | undefined {
  const first = scanArguments(words, flags).find((argument) => argument.kind === 'operand');
  return first?.kind !== 'operand' || first.isLiteral || first.value.startsWith('-') ? undefined : first;
}
