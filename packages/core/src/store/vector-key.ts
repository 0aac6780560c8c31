import { createHash } from 'node:crypto';
import type { HashVector, HashVectorHeader } from '../contracts/hash-vector.js';
import type { VectorSubject } from '../contracts/vector-store.js';
import { VirtSimilarityError } from '../errors.js';
import { isVolatile } from '../identity/chain.js';
import { stateKeyOf } from '../identity/stamp.js';

/** The number of hexadecimal digits of a key: 128 bits, so that no two images share a key by chance. */
const DIGITS = 32;

/**
 * Returns the key of an image's hash vector in a store. The key depends only on the hasher, its version, the block
 * size, and for each link, the format, the states of the files and objects, and whether the link is decrypted and
 * whether it is volatile. Subjects that differ in any of these have different keys. Ciphertext has the same key whether
 * or not it is recognised as ciphertext: its bytes are the same.
 *
 * Paths of files are left out, so that an image keeps its entry if a directory above it is renamed. Device numbers can
 * change when a machine restarts (NFS, btrfs, removable disks). Then the entry is not found, but no other entry is
 * found instead, because inode, size and both times are part of the key too. Releases that recorded no hasher version
 * made keys without a version.
 */
export function vectorKeyOf({ identity, algorithm, hasherVersion, blockSize }: VectorSubject): string {
  const links = identity.chain.map(({ format, encryption, parts, volatile = false }) => [
    format,
    encryption === 'decrypted' ? encryption : null,
    volatile,
    parts.map(stateKeyOf),
  ]);
  const canonical = JSON.stringify([links, algorithm, blockSize, hasherVersion ?? null]);
  return createHash('sha256').update(canonical).digest('hex').slice(0, DIGITS);
}

/**
 * Returns the key of a vector; `undefined` if the vector has no identity, or if no later run can recognise the image,
 * because the identity is volatile.
 */
export function knownKeyOf({ identity, algorithm, hasherVersion, blockSize }: HashVectorHeader): string | undefined {
  return identity === undefined || isVolatile(identity)
    ? undefined
    : vectorKeyOf({ identity, algorithm, hasherVersion, blockSize });
}

/**
 * Returns the subject to store a vector under.
 *
 * @throws `usage` if a store must not keep the vector: its image's identity is absent or volatile.
 */
export function vectorSubjectOf(vector: HashVector): VectorSubject {
  const { name, identity, algorithm, hasherVersion, blockSize } = vector;
  if (identity === undefined) {
    throw new VirtSimilarityError('usage', `cannot store ${name}: expected its image's identity, found none`);
  }
  if (isVolatile(identity)) {
    const problem = 'expected an image whose changes show in its identity, found a volatile one';
    throw new VirtSimilarityError('usage', `cannot store ${name}: ${problem}; hash it again when it is needed`);
  }
  return { identity, algorithm, hasherVersion, blockSize };
}
