/** The page docs/commands.md: every command and option, from the option table that the command line is parsed with. */

import { COMMON_GROUP, CONFIGURABLE_OPTIONS } from '#cli/options/option-table.js';

const INTRODUCTION = `# Commands and options

The reference of all commands and options. \`npm run docs\` generates this page from the option table;
[packages/cli](../packages/cli/README.md) describes the options in detail. An option with a *key* can also be set by that key in
a configuration file, and by an environment variable: the key \`block-size\` by \`VIRT_SIMILARITY_BLOCK_SIZE\`. The command line
takes precedence over the environment, and the environment over the file. Flags such as \`--no-recursive\` cancel what the
environment or the file sets.
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

function* examples(list) {
  yield '\n```\n';
  for (const [line, purpose] of list) {
    yield `# ${purpose}\n${line}\n`;
  }
  yield '```\n';
}

/** Yields the page for the commands. */
export function* commandsPage(commands) {
  yield INTRODUCTION;
  for (const { name, isDefault, usage, description, examples: lines, groups } of commands) {
    yield `\n## ${name}\n\n`;
    yield `\`virt-similarity ${isDefault ? `[${name}]` : name} ${usage}\`\n\n`;
    yield `${description}\n`;
    yield* examples(lines);
    for (const { title, flags } of groups) {
      if (title !== COMMON_GROUP) {
        yield `\n**${title}**\n\n`;
        yield* rows(flags);
      }
    }
  }
  yield `\n## ${COMMON_GROUP}\n\n`;
  yield* rows(commands[0].groups.find(({ title }) => title === COMMON_GROUP).flags);
}
