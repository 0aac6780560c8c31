import type { DiskSource, ReadOptions } from '@virt-similarity/core';
import { inspect } from './inspect.js';
import type { InspectedImage } from './inspected-image.js';

/** What was found when a reader was asked whether it can read a source, by the options that came with that question. */
const found = new WeakMap<ReadOptions, { readonly source: DiskSource; readonly image: InspectedImage }>();

/** As `inspect`, without a note for the user: what there is to note about an image is noted once, by who opens it. */
export function inspectQuietly(source: DiskSource, { warn: _, ...options }: ReadOptions): Promise<InspectedImage> {
  return inspect(source, options);
}

/** As `inspectQuietly`, to find out whether a source can be read. What is found is kept for `inspectToIdentify`. */
export async function inspectToChoose(source: DiskSource, options: ReadOptions): Promise<InspectedImage> {
  const image = foundFor(source, options) ?? (await inspectQuietly(source, options));
  found.set(options, { source, image });
  return image;
}

/**
 * As `inspectQuietly`, to identify a source. What was found by `inspectToChoose` with the very same options is taken, once:
 * so an image is inspected once when its reader is chosen and it is identified, and anew whenever it is identified again.
 */
export async function inspectToIdentify(source: DiskSource, options: ReadOptions): Promise<InspectedImage> {
  const image = foundFor(source, options);
  found.delete(options);
  return image ?? inspectQuietly(source, options);
}

function foundFor(source: DiskSource, options: ReadOptions): InspectedImage | undefined {
  const known = found.get(options);
  return known?.source === source ? known.image : undefined;
}
