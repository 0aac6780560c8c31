import { extname } from 'node:path';
import type { ImageIdentity } from '../contracts/disk-image.js';
import type { DiskReader, DiskSource } from '../contracts/disk-reader.js';
import type { NamedPart } from '../contracts/plugin.js';

/**
 * Returns a note if an image is read as a raw disk although nothing states this format: the user gave no format, no
 * reader declares the extension, and the reader also accepts files that it does not recognise. Block devices, which
 * have no extensions, and other volatile images get no note.
 *
 * @param readers all readers that read images themselves
 */
export function noteOfGuessedFormat(
  { path, format }: DiskSource,
  { chain: [top] }: ImageIdentity,
  reader: string,
  readers: readonly NamedPart<DiskReader>[],
): string | undefined {
  const isStated = format !== undefined || readers.some(({ part }) => part.extensions?.includes(extensionOf(path)));
  const isFallback = readers.some(({ name, part }) => name === reader && part.fallback === true);
  if (isStated || !isFallback || top?.format !== 'raw' || top.volatile) {
    return undefined;
  }
  return `${path}: read as a raw disk, because neither its extension nor its first bytes are those of a known format`;
}

function extensionOf(path: string): string {
  return extname(path).toLowerCase();
}
