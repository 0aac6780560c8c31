import type { InspectedImage } from './inspected-image.js';

/** The image and, one after the other, what backs it: by their depth. */
export function chainOf(top: InspectedImage): InspectedImage[] {
  const chain: InspectedImage[] = [];
  for (let image: InspectedImage | undefined = top; image !== undefined; image = image.backing) {
    chain.push(image);
  }
  return chain;
}
