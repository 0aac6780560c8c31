import type { InjectionToken } from 'tsyringe';
import type { ImageIdentity } from './disk-image.js';
import type { HashVector, HashVectorHeader } from './hash-vector.js';

/** The key of a stored hash vector: the content that was hashed and the hashing parameters. */
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
 * digits from the subject, the same for the same content, hasher and block size. A run stores a vector only if a later
 * run can recognise its subject: not if the image can change unnoticed, and not if the hasher has no version.
 *
 * Every method may be called concurrently, also by several processes if they share the store. If a method throws, the
 * run warns and reads the image or continues without storing; only `aborted` and `refused` end the run.
 */
export interface VectorStore {
  /** @throws `refused` if the store's content cannot be trusted, so that a run fails before its first image. */
  requireAllowed?(): Promise<void>;

  /**
   * Finds the vector of a subject. Returns `undefined` if it is missing or damaged, or the subject is volatile. The
   * vector's `name` is the image's name when it was hashed. Its rows can be read even after the signal has fired.
   */
  find(subject: VectorSubject, options?: StoreOptions): Promise<HashVector | undefined>;

  /**
   * Stores a vector and returns the stored vector, so that the caller can release the given one. If the subject already
   * has a vector, that vector may be returned.
   *
   * @param vector with its `identity`, `algorithm`, `hasherVersion` and `blockSize`
   * @throws `usage` if the vector has no identity, or a volatile one.
   */
  store(vector: HashVector, options?: StoreOptions): Promise<HashVector>;
}

/**
 * Injects the store of the embedding program. Register it in the container of `createAnalyzer` to store the hash
 * vectors of all runs without a `cache` option.
 */
export const VECTOR_STORE: InjectionToken<VectorStore> = Symbol.for('virt-similarity.vector-store');
