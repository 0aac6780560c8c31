import { stat } from 'node:fs/promises';
import { type Stamp, systemPath } from '@virt-similarity/core';

const BYTES_PER_ALLOCATED_BLOCK = 512;

/** How many bytes a file takes on its file system; its size where it is gone, which reading will tell. */
export async function allocatedBytes({ path, size }: Stamp): Promise<number> {
  const stats = await stat(systemPath(path)).catch(() => undefined);
  return stats === undefined ? Number(size) : stats.blocks * BYTES_PER_ALLOCATED_BLOCK;
}
