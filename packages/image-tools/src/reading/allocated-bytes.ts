import { stat } from 'node:fs/promises';
import { type FileStamp, systemPath } from '@virt-similarity/core';

const BYTES_PER_ALLOCATED_BLOCK = 512;

/**
 * Returns the number of bytes that a file occupies on disk. If the file cannot be examined, returns its recorded size;
 * a later read reports the error.
 */
export async function allocatedBytes({ path, size }: FileStamp): Promise<number> {
  const stats = await stat(systemPath(path)).catch(() => undefined);
  return stats === undefined ? Number(size) : stats.blocks * BYTES_PER_ALLOCATED_BLOCK;
}
