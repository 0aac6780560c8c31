import { createHash } from 'node:crypto';
import type { ImageIdentity } from '../contracts/disk-image.js';
import { formatsOf, partsOf } from '../identity/chain.js';
import { stateKeyOf } from '../identity/stamp.js';

/** Hexadecimal digits of a key: 128 bits, so that no two images share one by chance. */
const DIGITS = 32;

/** What an entry's key is made from. */
interface CacheSubject {
  readonly identity: ImageIdentity;
  /** Name of the block hasher. */
  readonly algorithm: string;
  /** Its version; none in entries of releases that did not record it, which are never looked up. */
  readonly hasherVersion?: string | undefined;
  /** Bytes. */
  readonly blockSize: number;
}

/**
 * The key of an image's hash vector in the cache: equal for equal content, however the image is named.
 *
 * Paths are left out, so that an image keeps its entry when a directory above it is renamed. Device numbers may change
 * when a machine restarts (NFS, btrfs, removable disks): then the entry is missed, never mistaken, because inode, size
 * and both times stand beside it.
 */
export function cacheKeyOf({ identity, algorithm, hasherVersion, blockSize }: CacheSubject): string {
  const canonical = JSON.stringify([
    partsOf(identity).map(stateKeyOf),
    formatsOf(identity),
    algorithm,
    blockSize,
    ...(hasherVersion === undefined ? [] : [hasherVersion]),
  ]);
  return createHash('sha256').update(canonical).digest('hex').slice(0, DIGITS);
}
