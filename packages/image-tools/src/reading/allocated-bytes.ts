import { stat } from 'node:fs/promises';
import { type FileStamp, systemPath } from '@virt-similarity/core';

const BYTES_PER_ALLOCATED_BLOCK = 512;

/**
 * Returns the bytes that a file occupies on disk; its recorded size if the file cannot be examined, which reading it
 * reports.
 */
export async function allocatedBytes({ path, size }: FileStamp): Promise<number> {
  const stats = await stat(systemPath(path)).catch(() => undefined);
  return stats === undefined ? Number(size) : stats.blocks * BYTES_PER_ALLOCATED_BLOCK;
}
