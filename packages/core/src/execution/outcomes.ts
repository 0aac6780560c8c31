import type { FileStamp } from '../contracts/disk-image.js';
import type { IdentifiedSource } from '../contracts/disk-reader.js';
import type { HashVector } from '../contracts/hash-vector.js';
import type { HashOutcome } from '../contracts/stages.js';
import { classifyFailure, messageOf, VirtSimilarityError, wording } from '../errors.js';
import { fileStampsOf } from '../identity/chain.js';
import { renamedVector } from '../vectors/vector-header.js';

/**
 * Returns an outcome whose vector has the image's path in this run as its name, because an earlier run may have stored
 * the vector under another name.
 */
export function outcomeOf(path: string, vector: HashVector, origin: 'cached' | 'read'): HashOutcome {
  return { path, vector: renamedVector(vector, path), cached: origin === 'cached' };
}

/**
 * Returns the files of an image's chain. Returns none for a hash-vector file, because the image that it records is not
 * part of the run, and none for a vector without an identity.
 */
export function filesOf(
  found: Exclude<HashOutcome, { error: VirtSimilarityError }> | IdentifiedSource,
): readonly FileStamp[] {
  if ('source' in found) {
    return fileStampsOf(found.identity);
  }
  const { identity, storage } = found.vector;
  const isNamed = storage?.kind === 'file' && storage.path === found.path;
  return isNamed || identity === undefined ? [] : fileStampsOf(identity);
}

/**
 * Converts what was thrown for an image to an error of this project: errors of this project stay as they are, others
 * become `unavailable` if a system resource is exhausted, otherwise `plugin`.
 */
export function failureOf(path: string, error: unknown): VirtSimilarityError {
  if (error instanceof VirtSimilarityError) {
    return error;
  }
  const { code, ending } = classifyFailure(error, 'plugin');
  return new VirtSimilarityError(code, wording`${path}: ${messageOf(error)}${ending}`, { image: path, cause: error });
}
