import { VirtSimilarityError, type Wording, wording } from '../errors.js';

/** A need for memory. */
export interface MemoryNeed {
  readonly bytes: number;
  /** Completes “cannot …”. */
  readonly purpose: string;
  /** The user's remedy if the memory is not available. */
  readonly remedy: Wording;
}

/**
 * Creates the `unavailable` error for memory that cannot be allocated.
 *
 * @param available bytes, if known
 */
export function memoryShortage(
  { bytes, purpose, remedy }: MemoryNeed,
  { available, cause }: { readonly available?: number; readonly cause?: unknown } = {},
): VirtSimilarityError {
  const found = available === undefined ? 'less' : inGibibytes(available);
  const message = wording`cannot ${purpose}: expected ${inGibibytes(bytes)} of memory, found ${found}; ${remedy}`;
  return new VirtSimilarityError('unavailable', message, { cause });
}

function inGibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
