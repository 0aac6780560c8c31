import type { KnownCommand } from './known-commands.js';

const EXAMPLES: readonly (readonly [line: string, purpose: string])[] = [
  ['virt-similarity images/', 'draw the tree of all images in a directory'],
  ['virt-similarity -o tree.nwk a.qcow2 b.vmdk', 'also write it to a file for phylogenetics viewers'],
  ['virt-similarity hash -o vectors/ images/', 'write only the hash vectors, to compare them later'],
];

/** Returns the help that is printed when the command is run without arguments. */
export function shortHelp(commands: readonly KnownCommand[]): string {
  return (
    'Shows which virtual-machine disk images were cloned from which.\n\n' +
    'Usage: virt-similarity [COMMAND] [options] IMAGE…\n\n' +
    `Examples:\n${columns(EXAMPLES)}\n` +
    `Commands: ${commands.map(({ name }) => name).join(', ')}\n` +
    'All options: virt-similarity --help\n'
  );
}

/**
 * Returns the end of a command's help: the other commands and the exit codes for the default command, else nothing.
 */
export function helpEpilogue({ isDefault }: KnownCommand, commands: readonly KnownCommand[]): string {
  if (!isDefault) {
    return '';
  }
  const others = commands.filter((command) => !command.isDefault);
  const lines = others.map(({ name, command }): [string, string] => {
    return [`virt-similarity ${name}`, command.summary];
  });
  return `\nOther commands (each has --help):\n${columns(lines)}\n${EXIT_CODES}`;
}

const EXIT_CODES = `Exit codes: 0 success, 1 internal error, 2 usage error, 3 some images failed, 4 refused,
5 corrupt or unreadable, 6 in use or changed, 7 tool or resource missing, 129, 130 and 143 interrupted.`;

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = rows.reduce((widest, [first]) => Math.max(widest, first.length), 0);
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}\n`).join('');
}
