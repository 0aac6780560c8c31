import type {
  Command,
  CommandContext,
  Example,
  OptionDeclarations,
  OptionValues,
  ValuesOf,
} from '@virt-similarity/core';
import type { FlagGroup } from '../options/flags.js';
import type { COMMON_OPTIONS } from '../options/option-table.js';
import type { RunLog } from '../output/run-log.js';
import type { Configuration } from '../parse-configuration.js';
import type { Settings } from '../settings.js';
import type { Messages } from '../terminal/messages.js';
import type { NamedImage } from './named-image.js';

/** The description of a command for help texts, manuals and shell completion. */
export interface DescribedCommand extends Pick<Command, 'operands'> {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly usage: string;
  readonly examples: readonly Example[];
  /** Whether this command runs when the command line names no command. */
  readonly isDefault: boolean;
  /** The flags, in the groups and the order of the help. */
  readonly groups: readonly FlagGroup[];
}

/**
 * A built-in command. Unlike a plugin's command, it has its name as a member and receives a `BuiltInContext`. The
 * module that defines it is loaded whenever a command line is parsed, so it must not import modules that load slowly:
 * `run` imports those.
 */
export interface BuiltInCommand<Options extends OptionDeclarations = OptionDeclarations>
  extends Omit<Command, 'options' | 'run'> {
  readonly name: string;
  readonly options: Options;
  /** Command lines for the help, each with its purpose; the most common first. */
  readonly examples: readonly Example[];
  /** Set if the command also accepts the options of reporters. */
  readonly takesReportOptions?: true;
  run(context: BuiltInContext<Options>): Promise<number>;
}

/** The context of a built-in command. */
export interface BuiltInContext<Options extends OptionDeclarations = OptionDeclarations>
  extends Omit<CommandContext, 'options' | 'messages'> {
  readonly options: ValuesOf<Options & typeof COMMON_OPTIONS>;
  /** The values of reporters' options on the command line; empty unless the command accepts these options. */
  readonly reportOptions: OptionValues;
  /** The values of reporters' options in the configuration file; empty unless the command accepts these options. */
  readonly reportDefaults: OptionValues;
  /** The value of each of `options`, and where the value was set. */
  readonly settings: Settings;
  /** The configuration file; `undefined` if none was read. */
  readonly configuration: Configuration | undefined;
  /** The images and lists of images, in the order in which they were named. */
  readonly sources: readonly NamedImage[];
  /** All commands, including those of plugins; the default command is first. */
  readonly commands: readonly DescribedCommand[];
  readonly messages: Messages;
  /** The log of the run, if there is one. */
  readonly log: RunLog | undefined;
}
