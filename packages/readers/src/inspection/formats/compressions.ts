import { type Compression, containerOf } from '../containers.js';
import type { FormatInspector } from '../format-inspector.js';

/** The compressions through which raw disks are read. */
export const COMPRESSIONS: readonly Compression[] = ['gzip', 'xz', 'zstd', 'bzip2'];

/**
 * The inspectors of compressed files. `virtualSize` is the size of the compressed file, because only decompression
 * shows the size of the content.
 */
export const COMPRESSED_FORMATS: readonly FormatInspector[] = COMPRESSIONS.map((format) => ({
  format,
  recognize: ({ head }) => (containerOf(head)?.compression === format ? 'head' : undefined),
  readHeader: async ({ size }) => ({ virtualSize: size }),
}));

/** Returns whether a format is a compression of raw disks. */
export function isCompression(format: string): format is Compression {
  return (COMPRESSIONS as readonly string[]).includes(format);
}
