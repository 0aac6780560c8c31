import type { Command, NamedPart, OptionDeclarations } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import type { BuiltInCommand } from '../commands/built-in-command.js';
import { COMMANDS } from '../commands/command-index.js';
import { type Flag, flagsOf } from '../options/flags.js';
import { COMMON_OPTIONS, IMAGE_OPTIONS } from '../options/option-table.js';
import { isTypable, problemOfName } from './option-names.js';

/** A command that can be named on the command line. */
export interface KnownCommand {
  readonly name: string;
  readonly command: Command;
  /** The command's own options and the common options. */
  readonly options: OptionDeclarations;
  /** The options of reporters, if the command accepts them; else empty. */
  readonly reportOptions: OptionDeclarations;
  /** Whether the command runs when the command line names none. */
  readonly isDefault: boolean;
  /** The built-in command; unset for a plugin's command. */
  readonly builtIn?: BuiltInCommand;
}

/** Returns all flags that a command accepts, in the order of its help. */
export function flagsOfCommand({ command, options, reportOptions }: KnownCommand): Flag[] {
  return flagsOf({ ...command.options, ...reportOptions, ...options });
}

/**
 * Returns the built-in commands, followed by those of plugins.
 *
 * @throws `plugin` if a plugin's command has the name of a built-in command, or a name or an option that cannot be
 *   used on the command line.
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

/** Returns the options that a plugin's command accepts besides its own. */
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
