import type { DiskSource } from '../contracts/disk-reader.js';

/** The format to state for a hash-vector file that has another extension. */
export const VECTOR_FORMAT = 'arrow';
/** The extension of hash-vector files. */
export const VECTOR_EXTENSION = '.arrow';

/**
 * Whether the user names a source as a hash vector: by its format, or by its extension where no format is stated.
 * The content is never asked: a guest controls its own disk, and could make it look like a hash vector.
 */
export function isNamedAsVector({ path, format }: DiskSource): boolean {
  return format === undefined ? path.toLowerCase().endsWith(VECTOR_EXTENSION) : format === VECTOR_FORMAT;
}
