import type { Analyzer } from './analyzer.js';
import type { DiskSource } from './disk-reader.js';
import type { OptionDeclarations, OptionValues } from './options.js';
import type { ReportPieces } from './reporter.js';
import type { FoundImages, HashOptions, HashOutcome } from './stages.js';

/**
 * A command of the command line: `virt-similarity NAME …`. It runs in the main thread of its own process, without a
 * time limit.
 *
 * A later plugin's command replaces an earlier plugin's command of the same name, with a warning. A command with the
 * name of a built-in command such as `hash` is refused.
 */
export interface Command {
  /** One line for the list of commands, without a full stop. */
  readonly summary: string;
  /** The text after the name in the first line of the help, such as `[options] IMAGE…`. */
  readonly usage?: string | undefined;
  /** One paragraph for the help; the summary when absent. */
  readonly description?: string | undefined;
  /** Command lines for the help, each with its purpose; the most common one first. None when absent. */
  readonly examples?: readonly Example[] | undefined;
  /** The options that it accepts in addition to those of every command, such as `--quiet`; none when absent. */
  readonly options?: OptionDeclarations | undefined;
  /** The operands that it accepts; any when absent. */
  readonly operands?: Operands | undefined;
  /**
   * Set if its operands are images. The command then also accepts the options of `hash` for naming, reading and hashing
   * images, and its context has `images`.
   */
  readonly readsImages?: true | undefined;
  /**
   * Runs the command and returns the exit code: 0 for success, otherwise 1 to 255. If it throws a
   * `VirtSimilarityError`, the error is shown as one line and determines the exit code, unless the user interrupted the
   * command.
   */
  run(context: CommandContext): Promise<number> | number;
}

/** A line for a shell, and what it does. */
export type Example = readonly [line: string, purpose: string];

/** The allowed operands of a command. Operands are the arguments that are not options. */
export interface Operands {
  /** The lowest number of operands; 0 when absent. */
  readonly min?: number | undefined;
  /** The highest number of operands; no limit when absent. */
  readonly max?: number | undefined;
  /** The allowed values; any when absent. */
  readonly values?: readonly string[] | undefined;
}

/** The context that a command runs in. */
export interface CommandContext {
  /** The values of the options that the command declares, validated, defaults included. */
  readonly options: OptionValues;
  readonly operands: readonly string[];
  /** The images that the command line names; present if the command `readsImages`. */
  readonly images?: CommandImages | undefined;
  /** Returns the analyzer with the project's plugins and those that the user named. The first call creates it. */
  readonly analyzer: () => Promise<Analyzer>;
  readonly messages: CommandMessages;
  /**
   * Writes results to standard output. Resolves once they are written, or once the reader has closed the pipe.
   *
   * @throws `unavailable` if writing fails for another reason, and what the pieces throw.
   */
  readonly write: (result: string | ReportPieces) => Promise<void>;
  /**
   * Writes rows to standard output as lines of left-aligned columns, separated by at least two spaces, with control
   * characters escaped. Otherwise as `write`.
   *
   * @throws as `write`.
   */
  readonly writeTable: (rows: readonly (readonly string[])[]) => Promise<void>;
  /** Fires when the user interrupts the command. The process ends soon after. */
  readonly signal: AbortSignal;
}

/** The images that a command line names. */
export interface CommandImages {
  /**
   * Finds the images, and hashes them with the options of the command line. Each call does both again. Shows the
   * progress and the failures of images, which are outcomes, not exceptions.
   *
   * @throws `usage` if no image is named, or the first does not exist and its name resembles that of a command;
   *   `unreadable` if the only named image does not exist; what reading the keys and the lists of images throws; and as
   *   `Analyzer.findImages` and `Analyzer.hash`.
   */
  hash(): Promise<HashedImages>;
}

/** The outcome of hashing the images that a command line names. */
export interface HashedImages {
  readonly found: FoundImages;
  /** One outcome for each of `found.sources`, in their order. */
  readonly outcomes: readonly HashOutcome[];
  /** The options that the images were hashed with. */
  readonly options: HashOptions;
  /**
   * Hashes other images, such as backing files, with the same options. The files of their chains are allowed only in
   * the directories that are allowed for the named images.
   *
   * @throws as `Analyzer.hash`.
   */
  hashOthers(sources: readonly DiskSource[]): Promise<readonly HashOutcome[]>;
}

/** Messages on standard error: one line each, with control characters escaped. */
export interface CommandMessages {
  /** Shown unless `--quiet` is given. */
  note(text: string): void;
  warning(text: string): void;
  /** Shown only with `--verbose`. */
  debug(text: string): void;
}
