import type { FileStamp } from '@virt-similarity/core';
import { allocatedBytes } from '@virt-similarity/image-tools';

/** Bytes of holes that are read as zeros faster than qemu-img can report them. */
const NEGLIGIBLE_HOLE_BYTES = 4 * 1024 * 1024;

/** Returns whether a file has enough holes to ask qemu-img for them. */
export async function hasHoles(file: FileStamp): Promise<boolean> {
  return Number(file.size) - (await allocatedBytes(file)) > NEGLIGIBLE_HOLE_BYTES;
}
