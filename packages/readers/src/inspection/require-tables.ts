import { chainOf, type ErrorContext, type InspectedImage, StoredBytes } from '@virt-similarity/image-tools';
import { FORMATS } from './formats.js';
import { expectedFilesOf } from './identity-of.js';
import { withStoredFile } from './stored-file.js';

/**
 * Requires the tables of all images of a chain to be within their files, as far as `FormatInspector.requireTables`
 * checks them. qemu reads a missing part of a table as zeros, so a part of the disk would seem to have no data.
 *
 * @throws as `withStoredFile`: `corrupt` if a table is damaged or not within its file, `unavailable` if tables are
 * shared.
 */
export async function requireTables(top: InspectedImage, errorContext: ErrorContext): Promise<void> {
  const files = expectedFilesOf(top);
  const stored = new StoredBytes(files, errorContext);
  try {
    for (const image of chainOf(top)) {
      const index = files.findIndex(({ stamp }) => stamp === image.file);
      const inspector = FORMATS.find(({ format }) => format === image.format);
      await withStoredFile(image, { stored, index, errorContext }, async (bytes) => inspector?.requireTables?.(bytes));
    }
  } finally {
    await stored.close();
  }
}
