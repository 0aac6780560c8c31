import type { Analysis } from './analysis.js';
import type { OptionDeclarations, OptionValues } from './options.js';

/**
 * Formats an analysis as text. Pure: no input or output, no clock, no terminal colours. The same analysis and options
 * give the same text.
 */
export interface Reporter {
  /** File extension of its reports, with the dot: `.nwk`; unique among reporters. */
  readonly extension: string;
  /** Further extensions of files that hold such reports, such as `.tree`; unique too. */
  readonly otherExtensions?: readonly string[] | undefined;
  /** Media type of its text, such as `application/json`. */
  readonly mediaType: string;
  /**
   * The options that `report` accepts; none when absent. An analyzer passes validated values, defaults included.
   */
  readonly options?: OptionDeclarations | undefined;
  /** Yields the text, in pieces of any length; the last piece ends with a newline. */
  report(analysis: Analysis, options: OptionValues): Iterable<string> | AsyncIterable<string>;
  /** A second text that readers of the first need, such as a table of names. */
  readonly companion?: Companion | undefined;
}

/** A text that is written beside the report's file, or to the path that the user states (`--names`). */
export interface Companion {
  /** The extension that replaces the report's: `.names.tsv`. */
  readonly extension: string;
  /** Option values of the reporter, any of which makes this text empty for every analysis; none when absent. */
  readonly emptyWith?: OptionValues | undefined;
  /** As {@link Reporter.report}, but may yield nothing. */
  report(analysis: Analysis, options: OptionValues): Iterable<string> | AsyncIterable<string>;
  /**
   * Yields one line about what the report lacks without this text, for a warning when the text is not written, such as
   * `2 of 5 labels are not the names of their images, and the table of names is not written`. The caller appends the
   * remedy. Yields nothing if the report is complete. Without this method, the warning is always given.
   */
  missingNotice?(analysis: Analysis, options: OptionValues): Iterable<string> | AsyncIterable<string>;
}
