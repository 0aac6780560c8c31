import type { HashVectorStorage } from '../../contracts/hash-vector.js';
import { allocateShared } from '../../memory/allocate-shared.js';
import type { StoredVector } from './stored-vectors.js';

/**
 * Zeroed 32-bit numbers in memory that threads share.
 *
 * @throws `unavailable` where there is surely not as much.
 */
export function sharedCounts(length: number): Uint32Array {
  return new Uint32Array(shared(length * 4));
}

/**
 * Zeroed bytes in memory that threads share.
 *
 * @throws as {@link sharedCounts}.
 */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(shared(length));
}

/** The vector, with rows that are in memory of this thread alone copied to memory that threads share. */
export function sharedVector(vector: StoredVector): StoredVector {
  return { ...vector, storage: sharedStorage(vector.storage) };
}

/**
 * The rows' place, or that of their copy in memory that threads share.
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
  return allocateShared({ bytes, purpose: 'compare so many images', remedy: 'compare fewer of them at a time' });
}

function isShared({ buffer }: Uint32Array | Uint8Array): boolean {
  return buffer instanceof SharedArrayBuffer;
}
