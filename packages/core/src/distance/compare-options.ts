import type { ContentAlignment } from './engine/comparison.js';

export interface CompareOptions {
  /** Worker threads, at least 1; default: the available processors. Small comparisons run in the calling thread. */
  readonly jobs?: number | undefined;
  /** Called with the fraction that has been compared, from 0 to 1; with 1 once, at the end. */
  readonly onFraction?: ((fraction: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CompareContentsOptions extends CompareOptions {
  /** Whether a block counts as often as both images have it (`free`, the default), or once (`distinct`). */
  readonly alignment?: ContentAlignment | undefined;
}
