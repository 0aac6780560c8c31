import type { ImageIdentity, Layer } from '../contracts/disk-image.js';
import { brokenContract, excerptOf } from '../errors.js';

const NUMBERS = ['device', 'inode', 'size', 'mtimeNs', 'ctimeNs'] as const satisfies readonly (keyof Layer)[];

/**
 * An identity that a reader gave. Throws `plugin` where it could be that of any image: without a layer it is equal to
 * others of its view, and one image's hash vector would be taken for another's.
 *
 * @param reader the reader's name
 */
export function checkedIdentity(reader: string, identity: ImageIdentity): ImageIdentity {
  const { layers, view, volatile } = identity;
  if (typeof view !== 'string') throw brokenIdentity(reader, 'a view', view);
  if (!Array.isArray(layers)) throw brokenIdentity(reader, 'layers', layers);
  if (layers.length === 0 && !volatile) throw brokenIdentity(reader, 'at least one layer, or to be volatile', layers);
  for (const layer of layers as readonly Layer[]) {
    const missing = NUMBERS.find((key) => typeof layer[key] !== 'bigint');
    if (missing !== undefined) throw brokenIdentity(reader, `layers whose ${missing} is a bigint`, layer[missing]);
  }
  return identity;
}

function brokenIdentity(reader: string, expected: string, found: unknown): Error {
  return brokenContract(reader, `an identity to have ${expected}`, excerptOf(found), 'reader');
}
