import type { Analyzer, DiskSource, ReportOptions } from '@virt-similarity/core';
import type { Messages } from '../terminal/messages.js';

/** What every command is given. */
export interface CommandContext {
  /** The options as commander names them, not yet checked. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The options that reporters take. */
  readonly reportOptions: ReportOptions;
  /** The images, in the order in which they were named. */
  readonly sources: readonly DiskSource[];
  /** What stands on the command line beside options, as it was typed. */
  readonly operands: readonly string[];
  /** The stages, composed of the project's plugins and of those that the user named; loaded at the first call. */
  readonly analyzer: () => Promise<Analyzer>;
  readonly messages: Messages;
  /** Fires when the user interrupts. */
  readonly signal: AbortSignal;
}

/** Does what a command is for, and returns the exit code. */
export type CommandAction = (context: CommandContext) => Promise<number>;
