import type { OptionValue } from '@virt-similarity/core';
import { formatSize } from '@virt-similarity/core/options';
import { EXIT_DONE } from '../exit-codes.js';
import { CONFIGURABLE_OPTIONS } from '../options/option-table.js';
import { table } from '../output/table.js';
import type { Configuration } from '../parse-configuration.js';
import type { Origin } from '../settings.js';
import type { BuiltInCommand } from './built-in-command.js';

/** Prints the value of each option that can be configured, and where it was set. */
export const config: BuiltInCommand = {
  name: 'config',
  summary: "print each option's value, and where it was set",
  description:
    'Prints the value of each option that can be configured, and where it was set: by a flag, an environment variable, the ' +
    'configuration file, or by default. In that order, the first one applies.',
  examples: [
    ['virt-similarity config', 'print every value and where it was set'],
    ['VIRT_SIMILARITY_JOBS=2 virt-similarity config', 'see what a variable changes'],
  ],
  options: CONFIGURABLE_OPTIONS,
  operands: { max: 0 },
  async run({ configuration, messages, settings, write }) {
    const rows = Object.keys(CONFIGURABLE_OPTIONS)
      .toSorted()
      .map((name) => {
        const setting = settings.get(name);
        return [name, textOf(name, setting?.value), describe(setting?.origin ?? { kind: 'default' })];
      });
    await write(table([['KEY', 'VALUE', 'FROM'], ...rows, ...fileRows(configuration)]));
    messages.note(configuration === undefined ? 'no configuration file' : `configuration file: ${configuration.path}`);
    return EXIT_DONE;
  },
};

function describe(origin: Origin): string {
  return origin.kind === 'default' ? origin.kind : `${origin.kind} ${origin.name}`;
}

function textOf(name: string, value: OptionValue | undefined): string {
  if (value === undefined) {
    return '-';
  }
  if (Array.isArray(value)) {
    return value.join(' ');
  }
  return CONFIGURABLE_OPTIONS[name]?.type === 'size' && typeof value === 'number' ? formatSize(value) : String(value);
}

/** Returns the rows of the plugins and the options of reports that the configuration file sets. */
function fileRows(configuration: Configuration | undefined): string[][] {
  if (configuration === undefined) {
    return [];
  }
  const { path, plugins, reports } = configuration;
  return [
    ...plugins.map(({ module }) => ['plugins', module]),
    ...Object.entries(reports).map(([name, value]) => [`reports.${name}`, textOf(name, value)]),
  ].map((row) => [...row, `file ${path}`]);
}
