import type { InjectionToken } from 'tsyringe';
import type { ImageIdentity } from './disk-image.js';
import type { HashVector, HashVectorHeader } from './hash-vector.js';

/** Identifies a stored hash vector: the identity of the hashed image and the hashing parameters. */
export interface VectorSubject extends Pick<HashVectorHeader, 'algorithm' | 'hasherVersion' | 'blockSize'> {
  readonly identity: ImageIdentity;
}

/** The options of a store's methods. */
export interface StoreOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Stores hash vectors between runs, in a directory, in memory or elsewhere.
 *
 * A vector is stored under its subject, which `vectorSubjectOf` returns. `vectorKeyOf` derives a key of 32 hexadecimal
 * digits from the subject. A run does not store a vector if the image can change unnoticed, if the hasher has no
 * version, or if the content is decrypted and `cacheDecrypted` is not set.
 *
 * Every method can be called concurrently, also by several processes if they share the store. An error `aborted` or
 * `refused` ends the run if `requireAllowed` throws it, and otherwise fails the image. After any other error, the run
 * warns, and reads the image or continues without storing its vector.
 */
export interface VectorStore {
  /**
   * Checks the store before the first image of a run. Absent if there is nothing to check.
   *
   * @throws `refused` if the store's content cannot be trusted.
   */
  requireAllowed?(): Promise<void>;

  /**
   * Finds the vector of a subject. Returns `undefined` if the vector is missing or damaged, or the subject is volatile.
   * The vector keeps the `name` that it was stored with. Its rows can be read even after the signal has fired.
   */
  find(subject: VectorSubject, options?: StoreOptions): Promise<HashVector | undefined>;

  /**
   * Stores a vector and returns the stored vector, so that the caller can release the given vector. If a vector is
   * already stored under the same subject, that vector can be returned instead.
   *
   * @throws `usage` if the vector has no identity or a volatile identity, and what reading the rows of the vector
   *   throws.
   */
  store(vector: HashVector, options?: StoreOptions): Promise<HashVector>;
}

/**
 * Injects the store of the embedding program. Register a store in the container of `createAnalyzer`, and all runs
 * without a `cache` option keep their hash vectors in that store.
 */
export const VECTOR_STORE: InjectionToken<VectorStore> = Symbol.for('virt-similarity.vector-store');
