import { createHash } from 'node:crypto';
import type { VectorSubject } from '../contracts/vector-store.js';
import { formatsOf, partsOf } from '../identity/chain.js';
import { stateKeyOf } from '../identity/stamp.js';

/** The number of hexadecimal digits of a key: 128 bits, so that no two images share a key by chance. */
const DIGITS = 32;

/**
 * Returns the key of an image's hash vector in a store: equal for equal content, regardless of the image's name.
 *
 * Paths are left out, so that an image keeps its entry if a directory above it is renamed. Device numbers may change
 * when a machine restarts (NFS, btrfs, removable disks). Then the entry is not found, but no other entry is found
 * instead, because inode, size and both times are part of the key too. A key without a hasher version is that of a
 * release that recorded none.
 */
export function vectorKeyOf({ identity, algorithm, hasherVersion, blockSize }: VectorSubject): string {
  const canonical = JSON.stringify([
    partsOf(identity).map(stateKeyOf),
    formatsOf(identity),
    algorithm,
    blockSize,
    ...(hasherVersion === undefined ? [] : [hasherVersion]),
  ]);
  return createHash('sha256').update(canonical).digest('hex').slice(0, DIGITS);
}
