import type { FileStamp } from '@virt-similarity/core';
import { allocatedBytes } from '@virt-similarity/image-tools';

/** Up to this many bytes of holes, reading the zeros is faster than running qemu-img to locate the holes. */
const NEGLIGIBLE_HOLE_BYTES = 4 * 1024 * 1024;

/**
 * Returns whether a file's holes, estimated from its allocated size, are so large that running qemu-img to locate them
 * saves time; `false` if the file cannot be examined.
 */
export async function hasHoles(file: FileStamp): Promise<boolean> {
  return Number(file.size) - (await allocatedBytes(file)) > NEGLIGIBLE_HOLE_BYTES;
}
