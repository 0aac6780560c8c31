import type { ImageIdentity, Layer } from '@virt-similarity/core';
import type { InspectedImage } from './inspected-image.js';

/**
 * What the image's content depends on: of each image of the chain, top first, the file with the header and then its
 * extent files; the view is the formats of the chain joined by `<`, such as `qcow2<raw`. The backing image is named
 * with its format, so that opened by itself it is looked at just as it is from above.
 */
export function identityOf(image: InspectedImage): ImageIdentity {
  const isVolatile = image.isDevice || image.access === 'beside-writers';
  const own: Layer[] = [image.file, ...image.extentFiles];
  if (image.backing === undefined) {
    return { layers: own, view: image.format, ...(isVolatile && { volatile: true }) };
  }
  const identity = identityOf(image.backing);
  return {
    layers: [...own, ...identity.layers],
    view: `${image.format}<${identity.view}`,
    ...((isVolatile || identity.volatile) && { volatile: true }),
    backing: { source: { path: image.backing.file.path, format: image.backing.format }, identity },
  };
}

/** The identity of an image whose backing image is not opened by itself: a session takes announced images only. */
export function wholeIdentityOf(image: InspectedImage): ImageIdentity {
  const { backing: _, ...identity } = identityOf(image);
  return identity;
}
