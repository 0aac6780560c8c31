import { messageOf, VirtSimilarityError } from '../errors.js';
import { fileError, systemCode } from './file-error.js';

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

/** For a hash-vector file that is no longer the one that was opened. */
export function changedFile(path: string): VirtSimilarityError {
  return new VirtSimilarityError('changed', `cannot read ${path}: it changed after it was opened; run again`, {
    image: path,
  });
}
