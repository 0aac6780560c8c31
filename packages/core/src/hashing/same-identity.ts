import type { ImageIdentity, Layer } from '../contracts/disk-image.js';

/** Whether two looks at an image saw the same content: the same files, untouched in between, looked at the same way. */
export function sameIdentity(first: ImageIdentity, second: ImageIdentity): boolean {
  return (
    first.view === second.view &&
    first.layers.length === second.layers.length &&
    first.layers.every((layer, index) => sameLayer(layer, second.layers[index]!))
  );
}

function sameLayer(first: Layer, second: Layer): boolean {
  return (
    first.device === second.device &&
    first.inode === second.inode &&
    first.size === second.size &&
    first.mtimeNs === second.mtimeNs &&
    first.ctimeNs === second.ctimeNs
  );
}
