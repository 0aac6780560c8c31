import type { DiskSource, ReadOptions } from '@virt-similarity/core';
import { inspect } from './inspect.js';
import type { InspectedImage } from './inspected-image.js';

/** As `inspect`, without a note for the user: what there is to note about an image is noted once, by who opens it. */
export function inspectQuietly(source: DiskSource, { warn: _, ...options }: ReadOptions): Promise<InspectedImage> {
  return inspect(source, options);
}
