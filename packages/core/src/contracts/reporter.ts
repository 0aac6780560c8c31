import type { Analysis } from './analysis.js';
import type { OptionDeclarations, OptionValues } from './options.js';

/**
 * Formats an analysis as text. Pure: no input or output, no clock, no colour of its own; the same analysis and
 * options give the same text.
 */
export interface Reporter {
  /** Ending of its files, with the dot: `.nwk`; unique among reporters. */
  readonly extension: string;
  /** Media type of its text, such as `application/json`. */
  readonly mediaType: string;
  /**
   * The options that `report` understands; none when absent. An analyzer passes values that it has checked, defaults
   * included.
   */
  readonly options?: OptionDeclarations;
  /** The text, in pieces of any length, the last of which ends with a newline. */
  report(analysis: Analysis, options: OptionValues): Iterable<string> | AsyncIterable<string>;
  /** A second text that readers of the first need, such as a table of names. */
  readonly companion?: Companion;
}

/** A text that is written beside a report that goes to a file, or where the user says (`--names`). */
export interface Companion {
  /** What replaces the report's extension: `.names.tsv`. */
  readonly extension: string;
  /** Values of the reporter's options with any of which this text is empty, whatever the analysis; none when absent. */
  readonly emptyWith?: OptionValues;
  /** As {@link Reporter.report}; nothing when there is nothing to say. */
  report(analysis: Analysis, options: OptionValues): Iterable<string> | AsyncIterable<string>;
  /**
   * What readers of the report miss without this text, for a warning where it is written nowhere: `2 of 5 labels are not
   * the names of their images, and the table of names is not written`. The remedy follows it. One line; nothing where they miss nothing. Without this method they always miss it.
   */
  omission?(analysis: Analysis, options: OptionValues): Iterable<string> | AsyncIterable<string>;
}
