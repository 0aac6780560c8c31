import { exhaustionRemedy, messageOf, VirtSimilarityError } from '../errors.js';
import { fileError, systemCode } from '../files/file-error.js';

/**
 * Maps an error that was thrown while a hash-vector file was read to the error to throw: this project's own errors stay
 * as they are, errors of exhausted resources become `unavailable`, other system errors `unreadable`, and all others
 * `corrupt`.
 */
export function readingError(thrown: unknown, path: string): VirtSimilarityError {
  if (thrown instanceof VirtSimilarityError || systemCode(thrown) !== undefined || exhaustionRemedy(thrown)) {
    return fileError(thrown, `cannot read ${path}`, path);
  }
  return new VirtSimilarityError(
    'corrupt',
    `cannot read ${path} as a hash vector: ${messageOf(thrown)}; create it again with virt-similarity hash`,
    { image: path, cause: thrown },
  );
}

/** Returns the error for a hash-vector file that was changed, replaced or removed after it was opened. */
export function changedFile(path: string, cause?: unknown): VirtSimilarityError {
  const message = `cannot read ${path}: it was changed or removed after it was opened; run again`;
  return new VirtSimilarityError('changed', message, { image: path, cause });
}
