import type { DiskReader, DiskSource } from '../contracts/disk-reader.js';
import type { NamedPart } from '../contracts/plugin.js';
import { didYouMean, VirtSimilarityError } from '../errors.js';
import { VECTOR_FORMAT } from '../vectors/named-as-vector.js';

/**
 * Requires that some reader supports every stated format. Does nothing if any reader does not list its formats, because
 * that reader may accept any format.
 *
 * @throws `usage`, with the formats of each reader, if no reader supports a stated format.
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

/** Lists formats grouped by their readers, such as `raw (raw, qemu), qcow2, vmdk (qemu)`. */
function formatsByReaders(readers: readonly NamedPart<DiskReader>[]): string {
  const byNames = new Map<string, string[]>();
  for (const format of new Set(readers.flatMap(({ part }) => part.formats ?? []))) {
    const names = readers.filter(({ part }) => part.formats?.includes(format)).map(({ name }) => name);
    const key = names.join(', ');
    byNames.set(key, [...(byNames.get(key) ?? []), format]);
  }
  return [...byNames].map(([names, formats]) => `${formats.join(', ')} (${names})`).join(', ');
}
