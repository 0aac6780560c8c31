import type { Layer } from '@virt-similarity/core';
import { allocatedBytes } from './allocated-bytes.js';

/** Holes of a file that are read faster, as the zeros that they are, than qemu-img can be asked about them. Bytes. */
const NEGLIGIBLE_HOLE_BYTES = 4 * 1024 * 1024;

/** Whether a file has holes that are worth asking qemu-img for. */
export async function hasHoles(layer: Layer): Promise<boolean> {
  return Number(layer.size) - (await allocatedBytes(layer)) > NEGLIGIBLE_HOLE_BYTES;
}
