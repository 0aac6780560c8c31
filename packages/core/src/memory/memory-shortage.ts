import { VirtSimilarityError } from '../errors.js';

/** What memory is wanted for. */
export interface MemoryNeed {
  readonly bytes: number;
  /** Completes “cannot …”. */
  readonly purpose: string;
  /** What the user can do where there is not as much. */
  readonly remedy: string;
}

/** The error for memory that is not to be had: `unavailable`. */
export function memoryShortage(
  { bytes, purpose, remedy }: MemoryNeed,
  found: string,
  cause?: unknown,
): VirtSimilarityError {
  const message = `cannot ${purpose}: expected ${inGibibytes(bytes)} of memory, found ${found}; ${remedy}`;
  return new VirtSimilarityError('unavailable', message, { cause });
}

/** A number of bytes as messages give it, such as `15.9 GiB`. */
export function inGibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
