import type { Analyzer } from './analyzer.js';
import type { OptionDeclarations, OptionValues } from './options.js';

/**
 * A command of the command line: `virt-similarity NAME …`. It is run in the main thread, in a process of its own, for as
 * long as it takes.
 *
 * A later plugin's command replaces that of an earlier one, with a note. A command with the name of a built-in one is
 * refused, since a plugin must not change what `virt-similarity hash` does.
 */
export interface Command {
  /** One line for the list of commands, without a full stop. */
  readonly summary: string;
  /** What follows the name in the help's first line: `[options] IMAGE…`. */
  readonly usage?: string;
  /** One paragraph for the help; the summary when absent. */
  readonly description?: string;
  /** The options that it takes, beside those of every command such as `--quiet`; none when absent. */
  readonly options?: OptionDeclarations;
  /** The operands that it takes; any when absent. */
  readonly operands?: Operands;
  /**
   * Does what the command is for, and returns the exit code: 0 when all went well, otherwise 1 to 255. An error of this
   * project that it throws is shown as one line, and decides the exit code.
   */
  run(context: CommandContext): Promise<number> | number;
}

/** The words of a command line that are no options: how many there may be, and which. */
export interface Operands {
  /** 0 when absent. */
  readonly min?: number;
  /** No limit when absent. */
  readonly max?: number;
  /** What each must be one of. */
  readonly values?: readonly string[];
}

/** What a command is given. */
export interface CommandContext {
  /** Checked values, defaults included. */
  readonly options: OptionValues;
  readonly operands: readonly string[];
  /** The stages, composed of the project's plugins and those that the user named; composed at the first call. */
  readonly analyzer: () => Promise<Analyzer>;
  readonly messages: CommandMessages;
  /**
   * Writes results to standard output, and resolves once they are written.
   *
   * @throws `unavailable` where that fails.
   */
  readonly write: (result: string | Iterable<string> | AsyncIterable<string>) => Promise<void>;
  /** Fires when the user interrupts. The process ends soon after. */
  readonly signal: AbortSignal;
}

/** Messages on standard error: one line each, with control characters escaped. */
export interface CommandMessages {
  /** Shown unless `--quiet` is given. */
  note(text: string): void;
  warning(text: string): void;
  /** Shown only with `--verbose`. */
  debug(text: string): void;
}
