import type { ReadOptions } from '@virt-similarity/core';
import { requireNoWriter } from '../chain-map/require-no-writer.js';
import type { InspectedImage } from '../inspection/inspected-image.js';
import type { QemuCall } from '../qemu/qemu-call.js';
import { RawImage } from './raw-image.js';

/**
 * Opens a raw image after its inspection. Whether somebody writes to it and where its holes are is asked at the same time,
 * as each takes a while.
 *
 * @throws VirtSimilarityError as `requireNoWriter`.
 */
export async function openRawImage(
  inspected: InspectedImage,
  options: Pick<ReadOptions, 'allowInUse' | 'warn'>,
  call: QemuCall,
): Promise<RawImage> {
  const image = new RawImage(inspected, call);
  await image.mapAhead();
  try {
    const allowed = await requireNoWriter(inspected, options, call);
    if (allowed === inspected) {
      return image;
    }
    await image.close();
    return new RawImage(allowed, call);
  } catch (thrown) {
    await image.close();
    throw thrown;
  }
}
