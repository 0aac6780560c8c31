import { Command, CommanderError, Option } from '../commander.js';
import type { Flag } from '../options/flags.js';
import type { OwnOption } from '../options/option-table.js';
import { packageVersion } from '../package-version.js';
import { flagsOfCommand, type KnownCommand } from './known-commands.js';

/** The parsed arguments of a command: the text to print for `--help` or `--version`, or else options and operands. */
export type ParsedWords =
  | { readonly text: string }
  | { readonly given: Readonly<Record<string, unknown>>; readonly operands: readonly string[] };

/**
 * Parses the words with commander.
 *
 * @param epilogue text at the end of the help
 * @throws `CommanderError` if commander refuses the words, for example an unknown option.
 */
export function parseWords(known: KnownCommand, words: readonly string[], epilogue: string): ParsedWords {
  const parser = parserOf(known, epilogue);
  let text = '';
  parser.configureOutput({
    writeErr: () => {},
    writeOut: (piece) => {
      text += piece;
    },
  });
  const optionOf = new Map(flagsOfCommand(known).map((flag) => [flag, commanderOption(flag, known)]));
  for (const option of optionOf.values()) {
    parser.addOption(option);
  }
  try {
    parser.parse(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      return { text };
    }
    throw error;
  }
  const given: Record<string, unknown> = {};
  for (const [flag, option] of optionOf) {
    if (parser.getOptionValueSource(option.attributeName()) === 'cli') {
      given[flag.name] = parser.getOptionValue(option.attributeName());
    }
  }
  return { given, operands: parser.args };
}

function parserOf({ name, command, isDefault }: KnownCommand, epilogue: string): Command {
  return new Command('virt-similarity')
    .exitOverride()
    .usage(`${isDefault ? `[${name}]` : name} ${command.usage ?? '[options]'}`)
    .description(command.description ?? command.summary)
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .argument('[arguments...]')
    .configureHelp({ visibleArguments: () => [] })
    .addHelpText('after', epilogue);
}

function commanderOption(flag: Flag, { options }: KnownCommand): Option {
  const { conflicts }: Partial<OwnOption> = options[flag.name] ?? {};
  const short = flag.short === undefined ? '' : `${flag.short}, `;
  const option = new Option(`${short}${flag.long}${flag.takesValue ? ` <${flag.placeholder}>` : ''}`, flag.help);
  option.hideHelp(flag.isHidden === true);
  if (flag.isRepeated) {
    option.argParser((value, previous: string[] | undefined) => [...(previous ?? []), value]);
  }
  return conflicts === undefined ? option : option.conflicts(conflicts);
}
