import { fileURLToPath } from 'node:url';
import type { ListedPlugin } from '@virt-similarity/core';
import { EXIT_DONE } from '../exit-codes.js';
import { table } from '../output/table.js';
import type { BuiltInCommand } from './built-in-command.js';

/** Lists the registered parts by kind, name, plugin and module; with `--verbose` also the options of plugins. */
export const plugins: BuiltInCommand = {
  name: 'plugins',
  summary: 'list readers, hashers, metrics, reporters, …',
  description:
    'Lists the registered readers, hashers, metrics, reporters, … with their plugin and module. ' +
    'With --verbose, also lists the options of plugins.',
  examples: [
    ['virt-similarity plugins', 'list what can be chosen by --reader, --hash, …'],
    ['virt-similarity plugins -v', 'also list the options of plugins'],
  ],
  options: {},
  operands: { max: 0 },
  async run({ analyzer, messages, write }) {
    const { registrations, plugins: loaded } = await analyzer();
    const rows = registrations.map(({ kind, name, plugin, url }) => [kind, name, plugin, moduleOf(url)]);
    rows.sort(([one = ''], [other = '']) => one.localeCompare(other, 'en'));
    await write(table([['KIND', 'NAME', 'PLUGIN', 'MODULE'], ...rows]));
    if (messages.verbosity === 'verbose') {
      const titles = ['PLUGIN', 'VERSION', 'OPTION', 'TYPE', 'VALUE', 'DESCRIPTION'];
      await write(['\n', ...table([titles, ...loaded.flatMap(describePlugin)])]);
    }
    return EXIT_DONE;
  },
};

/** Returns one row for each option, or a single row for a plugin without options. */
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
