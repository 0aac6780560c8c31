import type {
  Command,
  CommandContext,
  DiskSource,
  OptionDeclarations,
  OptionValues,
  ValuesOf,
} from '@virt-similarity/core';
import type { COMMON_OPTIONS } from '../options/option-table.js';
import type { Messages } from '../terminal/messages.js';

/**
 * A command of this program: what a plugin's command is, with its name, and given more.
 * The module that defines it loads quickly, as every start loads it: what is slow to load is imported by `run`.
 */
export interface OwnCommand<Options extends OptionDeclarations = OptionDeclarations>
  extends Omit<Command, 'options' | 'run'> {
  readonly name: string;
  readonly options: Options;
  /** Whether it takes the options of reporters too. */
  readonly takesReportOptions?: true;
  run(context: OwnContext<Options>): Promise<number>;
}

/** What a command of this program is given. */
export interface OwnContext<Options extends OptionDeclarations = OptionDeclarations>
  extends Omit<CommandContext, 'options' | 'messages'> {
  readonly options: ValuesOf<Options & typeof COMMON_OPTIONS>;
  /** The options of reporters that the user gave; none unless the command takes them. */
  readonly reportOptions: OptionValues;
  /** The operands and the values of `--add` as images, in the order in which they were named. */
  readonly sources: readonly DiskSource[];
  /** The names of all commands, those of plugins included. */
  readonly commandNames: readonly string[];
  readonly messages: Messages;
}
