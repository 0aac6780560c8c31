import { stateKeyOf } from '@virt-similarity/core';
import {
  findProgram,
  type InspectedImage,
  mapEntries,
  QEMU_IMG,
  type QemuCall,
  rangeOf,
} from '@virt-similarity/image-tools';
import { HoleList } from './hole-list.js';
import { type Holes, NO_HOLES } from './raw-map.js';

/** The most files, or parts of files, whose holes are cached. The least recently used entry is evicted first. */
const MAX_FILES = 16;

const cached = new Map<string, Promise<Holes>>();

/**
 * Returns the holes in an image's file or, if the image is a part of the file, in that part. The holes come from
 * `qemu-img map`. They are cached, because many overlays can use the same unchanged file. Because knowing the holes
 * only saves time, returns no holes if qemu-img is not installed, and only the longest holes if there are more than a
 * `HoleList` can contain.
 *
 * @throws as `mapEntries`.
 */
export async function rememberedHoles(image: InspectedImage, call: QemuCall): Promise<Holes> {
  if ((await findProgram(QEMU_IMG.command)) === undefined) {
    return NO_HOLES;
  }
  const { offset, length } = rangeOf(image);
  const key = [...stateKeyOf(image.file), offset, length].join();
  const known = cached.get(key);
  cached.delete(key);
  // An earlier call, for another overlay, may have failed or been aborted for a reason that does not concern this call.
  const holes = known === undefined ? holesOf(image, call) : known.catch(() => holesOf(image, call));
  cached.set(key, holes);
  evictOldest();
  try {
    return await holes;
  } catch (thrown) {
    cached.delete(key);
    throw thrown;
  }
}

async function holesOf(image: InspectedImage, call: QemuCall): Promise<Holes> {
  const holes = new HoleList();
  const file: InspectedImage = { ...image, format: 'raw', extentFiles: [], backing: undefined };
  for await (const { start, length, data } of mapEntries(file, rangeOf(image).length, call)) {
    if (!data) {
      holes.add(start, start + length);
    }
  }
  return holes.toHoles();
}

function evictOldest(): void {
  for (const key of cached.keys()) {
    if (cached.size <= MAX_FILES) {
      return;
    }
    cached.delete(key);
  }
}
