import { stateKeyOf } from '@virt-similarity/core';
import { findProgram, type InspectedImage, mapEntries, QEMU_IMG, type QemuCall } from '@virt-similarity/image-tools';
import { HoleList } from './hole-list.js';
import { type Holes, NO_HOLES } from './raw-map.js';

/** Files whose holes are remembered. The least recently used is forgotten first. */
const MAX_FILES = 16;

const remembered = new Map<string, Promise<Holes>>();

/**
 * The holes in the file of an image, from `qemu-img map`, which is asked once for all overlays of an unchanged file.
 * None where it is not installed, and the longest ones where there are many: knowing them only saves time.
 *
 * @throws as `mapEntries`.
 */
export async function rememberedHoles(image: InspectedImage, call: QemuCall): Promise<Holes> {
  if ((await findProgram(QEMU_IMG.command)) === undefined) {
    return NO_HOLES;
  }
  const key = stateKeyOf(image.file).join();
  const known = remembered.get(key);
  remembered.delete(key);
  // A call for another image may have failed, or been aborted, for reasons of that image.
  const holes = known === undefined ? holesOf(image, call) : known.catch(() => holesOf(image, call));
  remembered.set(key, holes);
  forgetOldest();
  try {
    return await holes;
  } catch (thrown) {
    remembered.delete(key);
    throw thrown;
  }
}

async function holesOf(image: InspectedImage, call: QemuCall): Promise<Holes> {
  const holes = new HoleList();
  const file: InspectedImage = { ...image, format: 'raw', extentFiles: [], backing: undefined };
  for await (const { start, length, data } of mapEntries(file, Number(file.file.size), call)) {
    if (!data) {
      holes.add(start, start + length);
    }
  }
  return holes.toHoles();
}

function forgetOldest(): void {
  for (const key of remembered.keys()) {
    if (remembered.size <= MAX_FILES) {
      return;
    }
    remembered.delete(key);
  }
}
