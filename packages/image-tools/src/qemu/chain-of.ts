import type { InspectedImage } from './inspected-image.js';

/** Returns the image followed by its chain of backing images, so that the index is the depth. */
export function chainOf(top: InspectedImage): InspectedImage[] {
  const chain: InspectedImage[] = [];
  for (let image: InspectedImage | undefined = top; image !== undefined; image = image.backing) {
    chain.push(image);
  }
  return chain;
}
