/** The kinds of violations. */
export type ViolationKind =
  /** The exit code, or the code of an image's error, differs from the expected code. */
  | 'exit'
  /** The number of error lines differs from the expected number. */
  | 'error'
  /** A stack trace on stderr. */
  | 'trace'
  /** The run exceeded its time limit. */
  | 'hangs'
  /** A child process outlived the command. */
  | 'orphans'
  /** A file was left in a directory of temporary files, or an unfinished output was left. */
  | 'leftovers'
  /** An input has changed. */
  | 'input'
  /** A file that is not a stated output was created, replaced, written to or removed. */
  | 'foreign writes'
  /** An output contains a secret of the host. */
  | 'canary leaks'
  /** A `connect` call over the network. */
  | 'external calls'
  /** The cache has a bad entry or an entry of an image that failed, or cannot be verified. */
  | 'cache'
  /** The command's own process used more than 1 GiB of memory. */
  | 'memory'
  /** The good images are not reported, or are reported with a wrong distance. */
  | 'report'
  /** A check of the case itself failed. */
  | 'check'
  /** The input could not be built. */
  | 'build';

/** A requirement that a case did not meet. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly what: string;
}
