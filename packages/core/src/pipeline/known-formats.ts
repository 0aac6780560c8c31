import type { DiskReader, DiskSource } from '../contracts/disk-reader.js';
import type { NamedPart } from '../contracts/plugin.js';
import { didYouMean, VirtSimilarityError } from '../errors.js';
import { VECTOR_FORMAT } from '../vectors/named-as-vector.js';

/**
 * Nothing is known of readers that do not say which formats they have: they decide image by image.
 *
 * @throws `usage` where a format is stated that no reader has, with which readers have which.
 */
export function requireKnownFormats(
  sources: readonly (string | DiskSource)[],
  readers: readonly NamedPart<DiskReader>[],
): void {
  if (!readers.every(({ part }) => part.formats !== undefined)) {
    return;
  }
  const known = [VECTOR_FORMAT, ...new Set(readers.flatMap(({ part }) => part.formats ?? []))];
  for (const source of sources) {
    if (typeof source === 'string' || source.format === undefined || known.includes(source.format)) {
      continue;
    }
    const { format, path } = source;
    const expected = `expected ${VECTOR_FORMAT} or one of ${formatsByReaders(readers)}`;
    throw new VirtSimilarityError(
      'usage',
      `unknown format '${format}' of ${path}: ${expected}${didYouMean(format, known)}`,
      {
        image: path,
      },
    );
  }
}

/** `raw (raw, qemu), qcow2, vmdk (qemu)`: neighbouring formats of the same readers share their names. */
function formatsByReaders(readers: readonly NamedPart<DiskReader>[]): string {
  const byNames = new Map<string, string[]>();
  for (const format of new Set(readers.flatMap(({ part }) => part.formats ?? []))) {
    const names = readers.filter(({ part }) => part.formats?.includes(format)).map(({ name }) => name);
    const key = names.join(', ');
    byNames.set(key, [...(byNames.get(key) ?? []), format]);
  }
  return [...byNames].map(([names, formats]) => `${formats.join(', ')} (${names})`).join(', ');
}
