import { fileURLToPath } from 'node:url';
import type { ListedPlugin } from '@virt-similarity/core';
import { EXIT_DONE } from '../exit-codes.js';
import { table } from '../output/table.js';
import { writeStdout } from '../output/write-stdout.js';
import type { CommandContext } from './command-context.js';

/** Prints what is registered: kind, name, plugin, and the module that it came from; when verbose also options. */
export async function plugins(context: CommandContext): Promise<number> {
  const { registrations, plugins: loaded } = await context.analyzer();
  const rows = registrations.map(({ kind, name, plugin, url }) => [kind, name, plugin, moduleOf(url)]);
  rows.sort(([one = ''], [other = '']) => one.localeCompare(other, 'en'));
  await writeStdout(table([['KIND', 'NAME', 'PLUGIN', 'MODULE'], ...rows]));
  if (context.messages.verbosity === 'verbose') {
    await writeStdout([
      '\n',
      ...table([['PLUGIN', 'VERSION', 'OPTION', 'TYPE', 'VALUE', 'DESCRIPTION'], ...loaded.flatMap(describePlugin)]),
    ]);
  }
  return EXIT_DONE;
}

/** A row for each option, or one for a plugin without any. */
function describePlugin({ name, version = '-', options, declared }: ListedPlugin): string[][] {
  const rows = Object.entries(declared).map(([option, { type, description }]) => {
    const value = options[option];
    return [name, version, option, type, value === undefined ? '-' : String(value), description];
  });
  return rows.length === 0 ? [[name, version, '-', '-', '-', '-']] : rows;
}

function moduleOf(url: string | undefined): string {
  if (url === undefined) {
    return '-';
  }
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
