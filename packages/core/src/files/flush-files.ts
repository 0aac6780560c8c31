import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Stamp } from '../contracts/disk-image.js';
import { systemPath } from './path-text.js';

/**
 * Has the kernel write changes to files that programs made through shared memory mappings. It sets a file's times at the
 * first change of a page only, until that page has been written: without this, a later change of the same page would not
 * show in the times. What cannot be opened or flushed is left to the reader, which will say why.
 */
export async function flushFiles(files: readonly Stamp[]): Promise<void> {
  await Promise.all(files.map(({ path }) => flush(path)));
}

async function flush(path: string): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(systemPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    await file.datasync();
  } catch {
    // See above.
  } finally {
    await file?.close();
  }
}
