import type { Command, NamedPart, OptionDeclarations } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import type { BuiltInCommand, DescribedCommand } from '../commands/built-in-command.js';
import { COMMANDS } from '../commands/command-index.js';
import { type Flag, type FlagGroup, flagsOf } from '../options/flags.js';
import { COMMON_OPTIONS, groupOf, IMAGE_OPTIONS, REPORTER_OPTIONS } from '../options/option-table.js';
import { isTypable, problemOfName } from './option-names.js';

/** A command that can be named on the command line. */
export interface KnownCommand {
  readonly name: string;
  readonly command: Command;
  /** The command's own options, the common options and, for a plugin's command that reads images, the image options. */
  readonly options: OptionDeclarations;
  /** The options of reporters, if the command accepts them; else empty. */
  readonly reportOptions: OptionDeclarations;
  /** Whether this command runs when the command line names no command. */
  readonly isDefault: boolean;
  /** The built-in command; unset for a plugin's command. */
  readonly builtIn?: BuiltInCommand;
}

/** Returns all flags that a command accepts, in the order of its help. */
export function flagsOfCommand(known: KnownCommand): Flag[] {
  return flagGroupsOf(known).flatMap(({ flags }) => flags);
}

/** Returns the flags of a command in the groups of its help. */
export function flagGroupsOf({ command, options, reportOptions }: KnownCommand): FlagGroup[] {
  const groups = new Map<string, Flag[]>();
  const all = { ...command.options, ...reportOptions, ...options };
  for (const flag of flagsOf(all)) {
    const title = Object.hasOwn(reportOptions, flag.name) ? REPORTER_OPTIONS : groupOf(flag.name);
    groups.set(title, [...(groups.get(title) ?? []), flag]);
  }
  return [...groups].map(([title, flags]) => ({ title, flags }));
}

/** Returns the description of a command for help texts, manuals and shell completion. */
export function describedCommand(known: KnownCommand): DescribedCommand {
  const { name, isDefault } = known;
  const { summary, description = summary, usage = '[options]', operands, examples = [] } = known.command;
  return { name, summary, description, usage, operands, examples, isDefault, groups: flagGroupsOf(known) };
}

/**
 * Returns the built-in commands, followed by those of plugins.
 *
 * @throws `plugin` if the name of a plugin's command is `help`, the name of a built-in command, or not lower-case words
 *   joined by hyphens; or if the name or the short form of one of its options is taken or not allowed.
 */
export function knownCommands(
  reportOptions: OptionDeclarations,
  ofPlugins: readonly NamedPart<Command>[] = [],
): KnownCommand[] {
  const builtIn = COMMANDS.map((command, index) => ({
    name: command.name,
    command: command as Command,
    options: { ...command.options, ...COMMON_OPTIONS },
    reportOptions: command.takesReportOptions ? reportOptions : {},
    isDefault: index === 0,
    builtIn: command,
  }));
  for (const { name, part } of ofPlugins) {
    const problem = problemOf(name, part);
    if (problem !== undefined) {
      throw new VirtSimilarityError('plugin', `cannot use the plugin command ${name}: ${problem}`);
    }
  }
  const others = ofPlugins.map(({ name, part }) => {
    return {
      name,
      command: part,
      options: { ...part.options, ...optionsBeside(part) },
      reportOptions: {},
      isDefault: false,
    };
  });
  return [...builtIn, ...others];
}

/** Returns the options that a plugin's command accepts in addition to its own options. */
function optionsBeside({ readsImages }: Command): OptionDeclarations {
  return readsImages ? { ...IMAGE_OPTIONS, ...COMMON_OPTIONS } : COMMON_OPTIONS;
}

function problemOf(name: string, command: Command): string | undefined {
  const { options = {} } = command;
  if (!isTypable(name)) {
    return 'expected a name of lower-case words joined by hyphens';
  }
  if (name === 'help' || COMMANDS.some((command) => command.name === name)) {
    return 'virt-similarity already has a command of that name; give it another name';
  }
  const common = optionsBeside(command);
  const letters = new Set(Object.values(common).flatMap(({ short }) => short ?? []));
  for (const [option, { short }] of Object.entries(options)) {
    const problem = problemOfName(option, common);
    if (problem !== undefined) {
      return `option ${option}: ${problem}`;
    }
    if (short !== undefined && (!/^[a-zA-Z]$/.test(short) || letters.has(short))) {
      return `option ${option}: expected a short form of one letter that no other option uses, found '${short}'`;
    }
    letters.add(short ?? '');
  }
  return undefined;
}
