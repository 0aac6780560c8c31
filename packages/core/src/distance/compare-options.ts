import type { ContentAlignment } from './engine/comparison.js';

/** The options for comparing hash vectors. */
export interface CompareOptions {
  /**
   * Number of worker threads, at least 1; by default one for each available processor. Small comparisons run in the
   * calling thread, unless a vector's file is on a file system that may never respond.
   */
  readonly jobs?: number | undefined;
  /** Called from time to time with the fraction of the work that is done, below 1; and once with 1, at the end. */
  readonly onFraction?: ((fraction: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The options for comparing hash vectors regardless of block numbers. */
export interface CompareContentsOptions extends CompareOptions {
  /** Whether a block counts as often as both images have it (`free`, the default), or once (`distinct`). */
  readonly alignment?: ContentAlignment | undefined;
}
