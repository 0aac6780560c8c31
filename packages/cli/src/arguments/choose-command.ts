import type { Option } from '../commander.js';
import { COMMAND_NAMES, type CommandName } from './commands.js';
import { scanArguments } from './scan-arguments.js';

/** A command, and the words that are for it. */
export interface ChosenCommand {
  readonly command: CommandName;
  readonly words: readonly string[];
}

/**
 * The command that the first operand names, wherever options stand, and the other words; `analyze` where it names an
 * image. `help` and `help COMMAND` ask for `--help`. An image of a command's name is written `./hash`.
 */
export function chooseCommand(words: readonly string[], options: readonly Option[]): ChosenCommand {
  const first = scanArguments(words, options).find(
    (argument) => argument.kind === 'operand' && !argument.isLiteral && !argument.value.startsWith('-'),
  );
  if (first?.kind !== 'operand') {
    return { command: 'analyze', words };
  }
  const others = words.toSpliced(first.position, 1);
  if (first.value === 'help') {
    return { command: chooseCommand(others, options).command, words: ['--help'] };
  }
  const command = COMMAND_NAMES.find((name) => name === first.value);
  return command === undefined ? { command: 'analyze', words } : { command, words: others };
}
