import { messageOf, VirtSimilarityError } from '../errors.js';
import { fileError, systemCode } from '../files/file-error.js';

/** The error to throw on for something that was thrown while a hash-vector file was read: if nothing else, `corrupt`. */
export function readingError(thrown: unknown, path: string): VirtSimilarityError {
  if (thrown instanceof VirtSimilarityError || systemCode(thrown) !== undefined) {
    return fileError(thrown, `cannot read ${path}`, path);
  }
  return new VirtSimilarityError(
    'corrupt',
    `cannot read ${path} as a hash vector: ${messageOf(thrown)}; make it anew with virt-similarity hash`,
    { image: path, cause: thrown },
  );
}

/** For a hash-vector file that is no longer the one that was opened, or no longer there. */
export function changedFile(path: string, cause?: unknown): VirtSimilarityError {
  const message = `cannot read ${path}: it was changed or removed after it was opened; run again`;
  return new VirtSimilarityError('changed', message, { image: path, cause });
}
