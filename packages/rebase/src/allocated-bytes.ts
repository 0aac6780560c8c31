import { stat } from 'node:fs/promises';
import { type FileStamp, systemPath } from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';

/** The unit of `st_blocks` in bytes, the same on every file system. */
export const STATUS_BLOCK = 512;

/**
 * Returns the bytes that the file system has allocated for some files.
 *
 * @throws `changed` if the path of a file leads to another file, or its status cannot be read.
 */
export async function allocatedBytes(files: readonly FileStamp[]): Promise<number> {
  let sum = 0;
  for (const { path, device, inode } of files) {
    const status = await stat(systemPath(path), { bigint: true }).catch(() => undefined);
    if (status === undefined || status.dev !== device || status.ino !== inode) {
      throw new VirtSimilarityError('changed', `${path} was replaced or removed after it was read; try again`, {
        image: path,
      });
    }
    sum += Number(status.blocks) * STATUS_BLOCK;
  }
  return sum;
}
