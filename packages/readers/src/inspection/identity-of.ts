import type { ImageIdentity, Layer } from '@virt-similarity/core';
import type { InspectedImage } from './inspected-image.js';

/**
 * What the image's content depends on: of each image of the chain, top first, the file with the header and then its
 * extent files; the view is the formats of the chain joined by `<`, such as `qcow2<raw`.
 */
export function identityOf(image: InspectedImage): ImageIdentity {
  const layers: Layer[] = [];
  const formats: string[] = [];
  for (let each: InspectedImage | undefined = image; each !== undefined; each = each.backing) {
    layers.push(each.file, ...each.extentFiles);
    formats.push(each.format);
  }
  return { layers, view: formats.join('<') };
}
