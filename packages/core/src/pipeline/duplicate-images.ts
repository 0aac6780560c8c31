import type { DiskSource } from '../contracts/disk-reader.js';
import { VirtSimilarityError } from '../errors.js';

/**
 * Merges two mentions of the same file. Keeps the path of the earlier mention. If only one of them names the file
 * itself, and the other is from the listing of a directory, the format is that of the mention that names the file, even
 * if it states no format. If both are from listings, the format is that of the earlier mention.
 *
 * @throws `usage` if the mentions have different labels, or if both name the file itself and do not state the same
 *   format.
 */
export function merged(earlier: DiskSource, later: DiskSource): DiskSource {
  const { label = later.label } = earlier;
  if (later.label !== undefined && later.label !== label) {
    throw namedTwice(later.path, `the labels ${label} and ${later.label}`);
  }
  const { format: _, ...kept } = earlier;
  const format = formatOf(earlier, later);
  return { ...kept, ...(format !== undefined && { format }), ...(label !== undefined && { label }) };
}

function formatOf(earlier: DiskSource, later: DiskSource): string | undefined {
  if (earlier.format === later.format || later.noFollow) {
    return earlier.format;
  }
  if (earlier.noFollow) {
    return later.format;
  }
  const [first, second] = [earlier, later].map(({ format }) => format ?? 'no format');
  throw namedTwice(later.path, `${first} and with ${second}`);
}

function namedTwice(path: string, found: string): VirtSimilarityError {
  return new VirtSimilarityError('usage', `${path} is named twice, with ${found}; name it once`, { image: path });
}

/** Returns the warning about the file `path`, which was already named as `earlier`. */
export function duplicateNote(path: string, earlier: string): string {
  const found = earlier === path ? `${path} is named twice` : `${path} and ${earlier} are the same file`;
  return `${found}; it is compared once, as ${earlier}`;
}
