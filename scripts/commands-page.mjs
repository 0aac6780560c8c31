/**
 * Prints docs/commands.md: every command and option, from the table that the command line is parsed by.
 *
 *   npm run docs   writes the page; a test says when it is out of date
 */

import reporters from '@virt-similarity/reporters';
import { flagsOfCommand, knownCommands } from '#cli/arguments/known-commands.js';
import { collectReportOptions } from '#cli/arguments/report-options.js';
import { flagsOf } from '#cli/options/flags.js';
import { COMMON_OPTIONS, CONFIGURABLE_OPTIONS } from '#cli/options/option-table.js';

const INTRODUCTION = `# Commands and options

This page is made from the table of options by \`npm run docs\`. What the options mean for images, reports and the cache is
described in [packages/cli](../packages/cli/README.md). Options in the column *key* can also be given in
\`~/.config/virt-similarity/config.json\`, by that key; what is given on the command line has precedence.
`;

/** The rows of a table of options, the flags of one option in one row. */
function* rows(flags) {
  yield '| option | | key |\n| --- | --- | --- |\n';
  for (const { short, long, placeholder, help, name } of flags) {
    const flag = [short, long].filter((word) => word !== undefined).join(', ');
    const value = placeholder === '' ? '' : ` ${placeholder}`;
    const key = Object.hasOwn(CONFIGURABLE_OPTIONS, name) ? `\`${name}\`` : '';
    yield `| \`${cell(flag + value)}\` | ${cell(help)} | ${key} |\n`;
  }
}

function cell(text) {
  return text.replaceAll('|', '\\|');
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
