import type { ReadOptions } from '@virt-similarity/core';
import type { QemuCall } from '@virt-similarity/image-tools';
import { requireNoWriter } from '../chain-map/require-no-writer.js';
import { identityOf } from '../inspection/identity-of.js';
import type { Inspected } from '../inspection/inspections.js';
import { RawImage } from './raw-image.js';

/**
 * Opens a raw image after its inspection. Checks for writers and finds the holes concurrently, because each takes a
 * while. The caller closes the image.
 *
 * @throws as `requireNoWriter`.
 */
export async function openRawImage(
  inspected: Inspected,
  options: Pick<ReadOptions, 'allowInUse' | 'warn'>,
  call: QemuCall,
): Promise<RawImage> {
  const image = new RawImage(inspected, call);
  await image.prefetchMap();
  try {
    const allowed = await requireNoWriter(inspected.image, options, call);
    if (allowed === inspected.image) {
      return image;
    }
    await image.close();
    return new RawImage({ image: allowed, identity: identityOf(allowed) }, call);
  } catch (thrown) {
    await image.close();
    throw thrown;
  }
}
