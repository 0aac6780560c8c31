import type { Wording } from '../errors.js';
import type { Analysis } from './analysis.js';
import type { OptionDeclarations, OptionValues } from './options.js';

/** A text in pieces of any length, the last of which ends with a newline; or the bytes of a binary format. */
export type ReportPieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * Formats an analysis as text, or as bytes in a binary format.
 *
 * A reporter is a function of the analysis (including the rows of its hash vectors), the options, and files of its own
 * plugin. From the same input, it yields the same pieces, in any thread and at any time. It reads no other file, no
 * clock and no environment, writes nothing, uses no terminal colours, and leaves the analysis unchanged.
 */
export interface Reporter {
  /** File extension of its reports, with the dot: `.nwk`; unique among reporters. */
  readonly extension: string;
  /** Further extensions of files that hold such reports, such as `.tree`; unique too. */
  readonly otherExtensions?: readonly string[] | undefined;
  /** Media type of its reports, such as `application/json`. */
  readonly mediaType: string;
  /** Set if `report` yields bytes. Its reports are not written to a terminal. */
  readonly isBinary?: true | undefined;
  /**
   * The options that `report` accepts; none when absent. An analyzer passes validated values, defaults included.
   */
  readonly options?: OptionDeclarations | undefined;
  /** Yields the report: strings, or `Uint8Array`s if it `isBinary`. */
  report(analysis: Analysis, options: OptionValues): ReportPieces;
  /** A second text that readers of the first need, such as a table of names. */
  readonly companion?: Companion | undefined;
  /**
   * Yields a line for each fact about the report that its reader should know: that common programs cannot open it, or
   * what it lacks because its companion is not written. Each line says what was found and what to do. Options in a line
   * are references (`wording`): those of the reporter, those of the library, and `companion`.
   *
   * Without this method, a companion that is not written is always reported.
   */
  warnings?(
    analysis: Analysis,
    options: OptionValues,
    circumstances: ReportCircumstances,
  ): Iterable<Wording> | AsyncIterable<Wording>;
}

/** How a report is written. */
export interface ReportCircumstances {
  /** Whether the reporter's companion is written too. */
  readonly isCompanionWritten: boolean;
}

/** A text that is written beside the report's file, or to the path that the user states (`--names`). */
export interface Companion {
  /** The extension that replaces the report's: `.names.tsv`. */
  readonly extension: string;
  /** Option values of the reporter, any of which makes this text empty for every analysis; none when absent. */
  readonly emptyWith?: OptionValues | undefined;
  /** As {@link Reporter.report}, but always text, and may yield nothing. */
  report(analysis: Analysis, options: OptionValues): Iterable<string> | AsyncIterable<string>;
}
