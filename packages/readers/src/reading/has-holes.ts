import { stat } from 'node:fs/promises';
import { type Layer, systemPath } from '@virt-similarity/core';

const BYTES_PER_ALLOCATED_BLOCK = 512;

/** How many bytes a file takes on its file system; its size where it is gone, which reading will tell. */
export async function allocatedBytes({ path, size }: Layer): Promise<number> {
  const stats = await stat(systemPath(path)).catch(() => undefined);
  return stats === undefined ? Number(size) : stats.blocks * BYTES_PER_ALLOCATED_BLOCK;
}

/** Holes of a file that are read faster, as the zeros that they are, than qemu-img can be asked about them. Bytes. */
const NEGLIGIBLE_HOLE_BYTES = 4 * 1024 * 1024;

/** Whether a file has holes that are worth asking qemu-img for. */
export async function hasHoles(layer: Layer): Promise<boolean> {
  return Number(layer.size) - (await allocatedBytes(layer)) > NEGLIGIBLE_HOLE_BYTES;
}
