import type { HashVectorStorage } from '../../contracts/hash-vector.js';
import { allocateShared } from '../../memory/allocate-shared.js';
import type { StoredVector } from './stored-vectors.js';

/**
 * Allocates zeroed 32-bit numbers in shared memory.
 *
 * @throws `unavailable` if there is not enough memory.
 */
export function sharedCounts(length: number): Uint32Array {
  return new Uint32Array(shared(length * 4));
}

/**
 * Allocates zeroed bytes in shared memory.
 *
 * @throws as {@link sharedCounts}.
 */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(shared(length));
}

/**
 * Returns the vector with its rows in a file or in shared memory. Copies the rows if they are in other memory.
 *
 * @throws as {@link sharedCounts}.
 */
export function sharedVector(vector: StoredVector): StoredVector {
  return { ...vector, storage: sharedStorage(vector.storage) };
}

/**
 * Returns the storage itself if it is a file or shared memory, otherwise a copy in shared memory.
 *
 * @throws as {@link sharedCounts}.
 */
export function sharedStorage(storage: HashVectorStorage): HashVectorStorage {
  if (storage.kind === 'file' || (isShared(storage.blocks) && isShared(storage.digests))) {
    return storage;
  }
  const blocks = sharedCounts(storage.blocks.length);
  blocks.set(storage.blocks);
  const digests = sharedBytes(storage.digests.length);
  digests.set(storage.digests);
  return { kind: 'memory', blocks, digests };
}

function shared(bytes: number): SharedArrayBuffer {
  const purpose = 'keep the hash vectors and counts of this many images';
  return allocateShared({ bytes, purpose, remedy: 'process fewer images at a time' });
}

function isShared({ buffer }: Uint32Array | Uint8Array): boolean {
  return buffer instanceof SharedArrayBuffer;
}
