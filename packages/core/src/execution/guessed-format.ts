import { extname } from 'node:path';
import type { ImageIdentity } from '../contracts/disk-image.js';
import type { DiskReader, DiskSource } from '../contracts/disk-reader.js';
import type { NamedPart } from '../contracts/plugin.js';

/**
 * Returns a note if an image is read as a raw disk although nothing states this format: the user stated no format, no
 * reader declares the path's extension, and the reader of the image also accepts files that it does not recognise.
 * Returns `undefined` otherwise, and for volatile images, such as block devices, whose paths have no extensions.
 *
 * @param reader name of the reader that reads the image
 * @param readers all readers that do not delegate to other readers
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
