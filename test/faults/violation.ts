/** What can be wrong after a case. */
export type ViolationKind =
  /** Another exit code, or another code of an image's error, than the list of threats has. */
  | 'exit'
  /** Not one error line for what is wrong. */
  | 'error'
  /** A stack trace on standard error. */
  | 'trace'
  /** Longer than it may take. */
  | 'hangs'
  /** A child outlived the command by 5 s. */
  | 'orphans'
  /** Something in a directory of temporary files, or an unfinished file. */
  | 'leftovers'
  /** An input is not as it was. */
  | 'input'
  /** Something other than the stated outputs was created, replaced, written to or removed. */
  | 'foreign writes'
  /** A secret of the host's in what was written. */
  | 'canary leaks'
  /** A call for a connection over the network. */
  | 'calls outside'
  /** A bad entry in the cache, or one of an image that failed. */
  | 'cache'
  | 'memory'
  /** The good images are not reported. */
  | 'report'
  /** What the case itself checks. */
  | 'check'
  /** The input could not be built. */
  | 'build';

/** One thing that is wrong after a case. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly what: string;
}
