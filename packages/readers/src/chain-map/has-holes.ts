import type { Stamp } from '@virt-similarity/core';
import { allocatedBytes } from '@virt-similarity/image-tools';

/** Holes of a file that are read faster, as the zeros that they are, than qemu-img can be asked about them. Bytes. */
const NEGLIGIBLE_HOLE_BYTES = 4 * 1024 * 1024;

/** Whether a file has holes that are worth asking qemu-img for. */
export async function hasHoles(file: Stamp): Promise<boolean> {
  return Number(file.size) - (await allocatedBytes(file)) > NEGLIGIBLE_HOLE_BYTES;
}
