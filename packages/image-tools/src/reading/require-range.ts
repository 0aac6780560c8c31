import { type ErrorContext, readError } from './read-error.js';

/** @throws `usage` unless `length` bytes at `position` are within a disk of `size` bytes. */
export function requireRange(position: number, length: number, size: number, errorContext: ErrorContext): void {
  const end = position + length;
  if (!Number.isSafeInteger(position) || position < 0 || end > size) {
    throw readError(errorContext, 'usage', `bytes ${position} to ${end} are outside its ${size} bytes`);
  }
}
