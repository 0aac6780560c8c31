import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { FileStamp } from '../contracts/disk-image.js';
import { systemPath } from './path-text.js';

/**
 * Makes the kernel write to disk the changes that programs made to files through shared memory mappings. The kernel
 * updates a file's times only at the first change of a page after that page was written: without flushing, a later
 * change of the same page would not show in the times. Failures to open or flush a file are ignored: if the file cannot
 * be read, the reader reports it.
 */
export async function flushFiles(files: readonly FileStamp[]): Promise<void> {
  await Promise.all(files.map(({ path }) => flush(path)));
}

async function flush(path: string): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(systemPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    await file.datasync();
  } catch {
    // If the file cannot be read, the reader reports it.
  } finally {
    await file?.close();
  }
}
