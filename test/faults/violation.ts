/** The kinds of violations. */
export type ViolationKind =
  /** The exit code, or the code of an image's error, differs from the expected code. */
  | 'exit'
  /** The number of error lines differs from the number of errors. */
  | 'error'
  /** A stack trace on stderr. */
  | 'trace'
  /** The run exceeded its time limit. */
  | 'hangs'
  /** A child outlived the command by 5 s. */
  | 'orphans'
  /** A file in a directory of temporary files, or an unfinished file. */
  | 'leftovers'
  /** An input has changed. */
  | 'input'
  /** A file that is not a stated output was created, replaced, written to or removed. */
  | 'foreign writes'
  /** An output contains a secret of the host. */
  | 'canary leaks'
  /** A `connect` call over the network. */
  | 'external calls'
  /** A bad entry in the cache, or an entry of an image that failed. */
  | 'cache'
  | 'memory'
  /** The good images are not reported. */
  | 'report'
  /** A check of the case itself failed. */
  | 'check'
  /** The input could not be built. */
  | 'build';

/** A violation found after a case. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly what: string;
}
