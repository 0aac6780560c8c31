import { readError, type Speaker } from './read-error.js';

/** @throws a `usage` error unless `length` bytes from `position` on lie within a disk of `size` bytes. */
export function requireRange(position: number, length: number, size: number, speaker: Speaker): void {
  const end = position + length;
  if (!Number.isSafeInteger(position) || position < 0 || end > size) {
    throw readError(speaker, 'usage', `bytes ${position} to ${end} are not within its ${size} bytes`);
  }
}
