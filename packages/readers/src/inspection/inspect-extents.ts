import { type FileStamp, type ReadOptions, type Wording, wording } from '@virt-similarity/core';
import type { ExtentReference } from './format-inspector.js';
import { inContext, refused } from './header-error.js';
import { flushIfRequested } from './layer-file.js';
import { openReferencedFile } from './referenced-file.js';

/** The most files over which one header may spread its data. */
const MAX_EXTENT_FILES = 1024;

/**
 * Inspects the extent files that a header names. Flushes them if `options.flush` is set. Returns their stamps, in the
 * same order.
 *
 * @throws `HeaderError` if there are too many extents, or if an extent file cannot be used. In the second case, the
 * message names the file.
 */
export async function inspectExtents(
  extents: readonly ExtentReference[],
  headerPath: string,
  options: ReadOptions,
): Promise<FileStamp[]> {
  if (extents.length > MAX_EXTENT_FILES) {
    throw refused(
      `it is spread over ${extents.length} files, the limit is ${MAX_EXTENT_FILES}; convert it with qemu-img convert`,
    );
  }
  const stamps: FileStamp[] = [];
  for (const extent of extents) {
    const describe = (message: Wording) =>
      wording`its extent file ${shownName(extent.name)} cannot be used: ${message}`;
    stamps.push(await inContext(describe, () => inspectExtent(extent, headerPath, options)));
  }
  return stamps;
}

async function inspectExtent(extent: ExtentReference, headerPath: string, options: ReadOptions): Promise<FileStamp> {
  const file = await openReferencedFile(extent.name, headerPath, options);
  try {
    if (file.isDevice) {
      throw refused('it is a block device; expected a regular file; convert the image with qemu-img convert');
    }
    await flushIfRequested(file, options);
    await extent.check(file.bytes);
    return file.stamp;
  } finally {
    await file.close();
  }
}

/** Formats a name from a header for messages: as JSON, but with single backslashes, as in Windows paths. */
export function shownName(name: string): string {
  return JSON.stringify(name).replaceAll('\\\\', '\\');
}
