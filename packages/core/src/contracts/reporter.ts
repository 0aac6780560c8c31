import type { Wording } from '../errors.js';
import type { Analysis } from './analysis.js';
import type { OptionDeclarations, OptionValues } from './options.js';

/** A text in pieces of any length, the last of which ends with a newline; or a binary format in pieces of bytes. */
export type ReportPieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * Formats an analysis as text, or as bytes in a binary format.
 *
 * A report must depend only on the analysis (including the rows of its hash vectors), the options, and files of the
 * reporter's own plugin. From the same input, a reporter yields the same pieces, in any thread and at any time. It
 * reads no other file, no clock and no environment, writes nothing, and leaves the analysis unchanged. It uses terminal
 * colors only if an option is set that it declares with `onTerminal: 'colors'`.
 */
export interface Reporter {
  /** File extension of its reports, with the dot, such as `.nwk`; unique among reporters. */
  readonly extension: string;
  /** Further extensions of files that contain its reports, such as `.tree`; likewise unique. */
  readonly otherExtensions?: readonly string[] | undefined;
  /** Media type of its reports, such as `application/json`. */
  readonly mediaType: string;
  /** Set if `report` yields bytes. The command then does not write its reports to a terminal. */
  readonly isBinary?: true | undefined;
  /**
   * The options that `report` accepts; none when absent. An analyzer passes validated values, defaults included.
   */
  readonly options?: OptionDeclarations | undefined;
  /** Yields the report: strings, or `Uint8Array`s if the reporter `isBinary`. */
  report(analysis: Analysis, options: OptionValues): ReportPieces;
  /** A second text that is needed to understand the report, such as a table of names. */
  readonly companion?: Companion | undefined;
  /**
   * Yields a line for each fact about the report that a user should know, such as that common programs cannot open it,
   * or which information is missing because its companion is not written. Each line says what was found and what to do.
   * A line names `companion`, or an option of the reporter or of the library, as an `OptionReference`.
   *
   * If this method is absent, there is one warning if the reporter has a companion that is not written, otherwise none.
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
  /**
   * Options of the reporter, each with a value. If any of these options is set to this value, the text is empty for
   * every analysis. When absent, no option makes the text empty.
   */
  readonly emptyWith?: OptionValues | undefined;
  /** As {@link Reporter.report}, but always yields text, or nothing. */
  report(analysis: Analysis, options: OptionValues): Iterable<string> | AsyncIterable<string>;
}
