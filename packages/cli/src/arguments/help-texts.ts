import { EXIT_MEANINGS } from '../exit-codes.js';
import type { KnownCommand } from './known-commands.js';

/** The number of examples in the short help. */
const FEW = 3;

/** Returns the help that is printed when the command is run without arguments. */
export function shortHelp(commands: readonly KnownCommand[]): string {
  return (
    'Shows which virtual-machine disk images were cloned from which.\n\n' +
    'Usage: virt-similarity [COMMAND] [options] IMAGE…\n\n' +
    `Examples:\n${commands.slice(0, 1).map((command) => examplesOf(command, FEW))}\n` +
    `Commands: ${commands.map(({ name }) => name).join(', ')}\n` +
    'All options: virt-similarity --help\n'
  );
}

/** Returns the lines of a command's examples, or an empty text if it has none. */
export function examplesOf({ command }: KnownCommand, limit = Number.POSITIVE_INFINITY): string {
  const examples = (command.examples ?? []).slice(0, limit);
  return examples.map(([line, purpose]) => `  ${line}\n      ${purpose}\n`).join('');
}

/**
 * Returns the end of a command's help. For the default command, it lists the other commands and the exit codes; for
 * other commands, it is empty.
 */
export function helpEpilogue({ isDefault }: KnownCommand, commands: readonly KnownCommand[]): string {
  if (!isDefault) {
    return '';
  }
  const others = commands.filter((command) => !command.isDefault);
  const lines = others.map(({ name, command }): [string, string] => {
    return [`virt-similarity ${name}`, command.summary];
  });
  return `\nOther commands (each has --help):\n${columns(lines)}\n${exitCodes()}`;
}

function exitCodes(): string {
  const codes = EXIT_MEANINGS.map(([code, meaning]) => `${code} ${meaning}`).join(', ');
  return `${`Exit codes: ${codes}.`.replace(FULL_LINE, '$1\n')}\n`.replace(/\n+$/, '\n');
}

/** As many words as fit into 79 columns, and the blank after them if there is one. */
const FULL_LINE = /(.{1,79})(?: |$)/g;

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = rows.reduce((widest, [first]) => Math.max(widest, first.length), 0);
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}\n`).join('');
}
