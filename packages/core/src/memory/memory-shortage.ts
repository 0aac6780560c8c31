import { VirtSimilarityError, type Wording, wording } from '../errors.js';

/** What memory is wanted for. */
export interface MemoryNeed {
  readonly bytes: number;
  /** Completes “cannot …”. */
  readonly purpose: string;
  /** What the user can do where there is not as much. */
  readonly remedy: Wording;
}

/**
 * The error for memory that is not to be had: `unavailable`.
 *
 * @param available bytes, where that is known
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
