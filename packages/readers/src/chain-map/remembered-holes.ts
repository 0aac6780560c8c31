import type { InspectedImage } from '../inspection/inspected-image.js';
import { findProgram } from '../processes/find-program.js';
import { mapEntries } from '../qemu/map-entries.js';
import type { QemuCall } from '../qemu/qemu-call.js';
import { QEMU_IMG } from '../qemu/qemu-img.js';
import { type Holes, NO_HOLES } from './raw-map.js';

/** Files whose holes are remembered, the one that was not asked for the longest is forgotten first. */
const MAX_FILES = 16;
/** Holes of a file that are worth the memory. */
const MAX_HOLES = 1_000_000;

const remembered = new Map<string, Promise<Holes>>();

/**
 * The holes in the file of an image, from `qemu-img map`, which is asked once for all overlays of an unchanged file. None
 * where it is not installed: knowing them only saves time. Throws as `mapEntries`.
 */
export async function rememberedHoles(image: InspectedImage, call: QemuCall): Promise<Holes> {
  if ((await findProgram(QEMU_IMG.command)) === undefined) {
    return NO_HOLES;
  }
  const { device, inode, size, mtimeNs, ctimeNs } = image.file;
  const key = [device, inode, size, mtimeNs, ctimeNs].join();
  const known = remembered.get(key);
  remembered.delete(key);
  // What was asked for another image may have failed, or been ended, for that one's reasons.
  const holes = known === undefined ? holesOf(image, call) : known.catch(() => holesOf(image, call));
  remembered.set(key, holes);
  forgetOldest();
  try {
    const found = await holes;
    if (found.starts.length > MAX_HOLES) {
      remembered.delete(key);
    }
    return found;
  } catch (thrown) {
    remembered.delete(key);
    throw thrown;
  }
}

async function holesOf(image: InspectedImage, call: QemuCall): Promise<Holes> {
  const starts: number[] = [];
  const ends: number[] = [];
  const file: InspectedImage = { ...image, format: 'raw', extentFiles: [], backing: undefined };
  for await (const { start, length, data } of mapEntries(file, Number(file.file.size), call)) {
    if (data) {
      continue;
    }
    if (ends.at(-1) === start) {
      ends.pop();
    } else {
      starts.push(start);
    }
    ends.push(start + length);
  }
  return { starts, ends };
}

function forgetOldest(): void {
  for (const key of remembered.keys()) {
    if (remembered.size <= MAX_FILES) {
      return;
    }
    remembered.delete(key);
  }
}
