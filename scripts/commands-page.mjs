/**
 * Prints docs/commands.md: every command and option, from the option table that the command line is parsed with.
 *
 *   npm run docs   writes the page; a test fails if it is out of date
 */

import reporters from '@virt-similarity/reporters';
import { flagsOfCommand, knownCommands } from '#cli/arguments/known-commands.js';
import { collectReportOptions } from '#cli/arguments/report-options.js';
import { flagsOf } from '#cli/options/flags.js';
import { COMMON_OPTIONS, CONFIGURABLE_OPTIONS } from '#cli/options/option-table.js';

const INTRODUCTION = `# Commands and options

This page is generated from the option table by \`npm run docs\`. [packages/cli](../packages/cli/README.md) describes the
options in detail. Options with a *key* can also be set in a configuration file by that key, and by the environment: the key
\`block-size\` by the variable \`VIRT_SIMILARITY_BLOCK_SIZE\`. The command line takes precedence over the environment, and
that over the file. \`--no-recursive\` and the like cancel the other places.
`;

/** Yields the rows of a table of options, one for each flag. */
function* rows(flags) {
  yield '| option | | key |\n| --- | --- | --- |\n';
  for (const { short, long, placeholder, help, name } of flags.filter(({ isHidden }) => !isHidden)) {
    const flag = [short, long].filter((word) => word !== undefined).join(', ');
    const value = placeholder === '' ? '' : ` ${placeholder}`;
    const key = Object.hasOwn(CONFIGURABLE_OPTIONS, name) ? `\`${name}\`` : '';
    yield `| \`${cell(flag + value)}\` | ${cell(help)} | ${key} |\n`;
  }
}

function cell(text) {
  return text.replaceAll(/[|*]/g, '\\$&');
}

function* page() {
  yield INTRODUCTION;
  const instances = Object.entries(reporters.reporters).map(([name, Own]) => ({ name, part: new Own() }));
  const commands = knownCommands(collectReportOptions(instances, {}));
  for (const known of commands) {
    const { name, command, isDefault } = known;
    yield `\n## ${name}\n\n`;
    yield `\`virt-similarity ${isDefault ? `[${name}]` : name} ${command.usage ?? '[options]'}\`\n\n`;
    yield `${command.description ?? command.summary}\n`;
    const own = flagsOfCommand(known).filter((flag) => !Object.hasOwn(COMMON_OPTIONS, flag.name));
    if (own.length > 0) {
      yield '\n';
      yield* rows(own);
    }
  }
  yield '\n## Every command\n\n';
  yield* rows(flagsOf(COMMON_OPTIONS));
}

process.stdout.write([...page()].join(''));
