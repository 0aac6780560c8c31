import type { DiskSource } from '../contracts/disk-reader.js';

/** The format to state for a hash-vector file whose name does not end in `.arrow`. */
export const VECTOR_FORMAT = 'arrow';
/** The extension of hash-vector files. */
export const VECTOR_EXTENSION = '.arrow';

/**
 * Returns whether a source is a hash vector according to its format, or its extension if no format is specified.
 * The content is never checked: a guest controls its own disk, and could make it look like a hash vector.
 */
export function isNamedAsVector({ path, format }: DiskSource): boolean {
  return format === undefined ? path.toLowerCase().endsWith(VECTOR_EXTENSION) : format === VECTOR_FORMAT;
}

/** Returns whether a file name is that of an Arrow report, such as `distances.arrow` or `family.report.arrow`. */
export function isNamedAsReport(name: string): boolean {
  return /(^|\.)(distances|report)\.arrow$/i.test(name);
}
