import { chainOf, type InspectedImage, type QemuCall, rangeOf } from '@virt-similarity/image-tools';
import { hasHoles } from './has-holes.js';
import { rememberedHoles } from './remembered-holes.js';

/**
 * Returns how many bytes the files of a chain store: their sizes without the holes that `rememberedHoles` finds,
 * because a file with holes can have any size and store nothing. Small holes (see `hasHoles`) count as stored. For a
 * raw top image, returns its size, including holes.
 *
 * @throws as `rememberedHoles`.
 */
export async function storedBytesOf(top: InspectedImage, call: QemuCall): Promise<number> {
  if (top.format === 'raw') {
    // The caller is locating the holes of the raw image at this moment, and a raw image cannot expand.
    return rangeOf(top).length;
  }
  let bytes = 0;
  for (const image of chainOf(top)) {
    for (const part of [image, ...image.extentFiles.map((file) => ({ ...image, file }))]) {
      bytes += rangeOf(part).length - (await holeBytes(part, call));
    }
  }
  return bytes;
}

async function holeBytes(image: InspectedImage, call: QemuCall): Promise<number> {
  if (image.isDevice || !(await hasHoles(image.file))) {
    return 0;
  }
  const { starts, ends } = await rememberedHoles(image, call);
  return Array.from(starts).reduce((sum, start, hole) => sum + ends[hole]! - start, 0);
}
