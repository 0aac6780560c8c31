import { stat } from 'node:fs/promises';
import type { Layer } from '@virt-similarity/core';

const BYTES_PER_ALLOCATED_BLOCK = 512;

/** About how many bytes of a file are holes; none where it is gone, which reading will tell. */
export async function holeBytes({ path }: Layer): Promise<number> {
  const stats = await stat(path).catch(() => undefined);
  return stats === undefined ? 0 : Math.max(0, stats.size - stats.blocks * BYTES_PER_ALLOCATED_BLOCK);
}
