import { createHash } from 'node:crypto';
import type { VectorSubject } from '../contracts/vector-store.js';
import { formatsOf, partsOf } from '../identity/chain.js';
import { stateKeyOf } from '../identity/stamp.js';

/** Hexadecimal digits of a key: 128 bits, so that no two images share one by chance. */
const DIGITS = 32;

/**
 * The key of an image's hash vector in a store: equal for equal content, however the image is named.
 *
 * Paths are left out, so that an image keeps its entry when a directory above it is renamed. Device numbers may change
 * when a machine restarts (NFS, btrfs, removable disks): then the entry is missed, never mistaken, because inode, size
 * and both times are part of the key too. Without a version of the hasher it is a key of releases that recorded none.
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
