import { closestOf, VirtSimilarityError } from '@virt-similarity/core/errors';
import { Command, CommanderError, Help, Option } from '../commander.js';
import type { Flag, FlagGroup } from '../options/flags.js';
import type { OwnOption } from '../options/option-table.js';
import { packageVersion } from '../package-version.js';
import { examplesOf } from './help-texts.js';
import { flagGroupsOf, type KnownCommand } from './known-commands.js';

/** The width below which a column of descriptions is not wrapped. */
const NARROWEST_COLUMN = 24;

/**
 * The parsed arguments of a command: the text to print for `--help` or `--version`, otherwise the options and operands.
 */
export type ParsedWords =
  | { readonly text: string }
  | { readonly given: Readonly<Record<string, unknown>>; readonly operands: readonly string[] };

/**
 * Parses the words with commander.
 *
 * @param epilogue text at the end of the help
 * @throws `usage` for an unknown option, and `CommanderError` if commander refuses the words for another reason.
 */
export function parseWords(known: KnownCommand, words: readonly string[], epilogue: string): ParsedWords {
  const groups = flagGroupsOf(known);
  const parser = parserOf(known, groups, epilogue);
  let text = '';
  parser.configureOutput({
    writeErr: () => {},
    writeOut: (piece) => {
      text += piece;
    },
  });
  const optionOf = new Map<Flag, Option>();
  for (const { title, flags } of groups) {
    parser.optionsGroup(titleLine(title));
    for (const flag of flags) {
      const option = commanderOption(flag, known);
      parser.addOption(option);
      optionOf.set(flag, option);
    }
  }
  // Added to the last group, which every command has.
  parser.version(packageVersion(), '--version', 'print the version').helpOption('--help', 'print this help');
  try {
    parser.parse(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      return { text };
    }
    throw withSuggestion(error, [...optionOf.keys()], known);
  }
  const given: Record<string, unknown> = {};
  for (const [flag, option] of optionOf) {
    if (parser.getOptionValueSource(option.attributeName()) === 'cli') {
      given[flag.name] = parser.getOptionValue(option.attributeName());
    }
  }
  return { given, operands: parser.args };
}

function parserOf(known: KnownCommand, groups: readonly FlagGroup[], epilogue: string): Command {
  const { name, command, isDefault } = known;
  const [first] = groups;
  const examples = examplesOf(known);
  return new Command('virt-similarity')
    .exitOverride()
    .usage(`${isDefault ? `[${name}]` : name} ${command.usage ?? '[options]'}`)
    .description(command.description ?? command.summary)
    .argument('[arguments...]')
    .showSuggestionAfterError(false)
    .configureHelp({
      minWidthToWrap: NARROWEST_COLUMN,
      visibleArguments: () => [],
      formatHelp(parser, helper) {
        const text = Help.prototype.formatHelp.call(this, parser, helper);
        const options = `\n${titleLine(first?.title ?? '')}\n`;
        return examples === '' ? text : text.replace(options, () => `\nExamples:\n${examples}${options}`);
      },
    })
    .addHelpText('after', epilogue);
}

function titleLine(title: string): string {
  return `${title}:`;
}

/**
 * Returns the error to throw. For an unknown option, this is a `usage` error that suggests the option that was probably
 * meant, or else the help. For anything else, it is `error` itself.
 */
function withSuggestion(error: unknown, flags: readonly Flag[], { name, isDefault }: KnownCommand): unknown {
  const unknown = error instanceof CommanderError && /unknown option '(.*)'/s.exec(error.message)?.[1];
  if (!unknown) {
    return error;
  }
  const [, long] = /^--([^=]+)/.exec(unknown) ?? [];
  const known = flags.map((flag) => flag.long.slice(2));
  const closest = long === undefined ? undefined : closestOf(long, known);
  const meant = closest === undefined ? '' : `; did you mean '--${closest}'?`;
  const remedy = meant || `; see virt-similarity ${isDefault ? '' : `${name} `}--help`;
  return new VirtSimilarityError('usage', `unknown option '${unknown}'${remedy}`, { cause: error });
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
