import type { ContentAlignment } from './engine/comparison.js';

/** The options for comparing hash vectors. */
export interface CompareOptions {
  /**
   * Number of worker threads, at least 1; by default one for each available processor. Small comparisons run in the
   * calling thread.
   */
  readonly jobs?: number | undefined;
  /** Called repeatedly with the fraction of the work that is done, from 0 to 1; with 1 only once, at the end. */
  readonly onFraction?: ((fraction: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The options for comparing hash vectors regardless of block numbers. */
export interface CompareContentsOptions extends CompareOptions {
  /** Whether a block counts as often as both images have it (`free`, the default), or once (`distinct`). */
  readonly alignment?: ContentAlignment | undefined;
}
