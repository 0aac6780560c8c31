import type { InjectionToken } from 'tsyringe';
import type { ImageIdentity } from './disk-image.js';
import type { HashVector, HashVectorHeader } from './hash-vector.js';

/** What a stored hash vector belongs to: the content that was hashed, and how. */
export interface VectorSubject extends Pick<HashVectorHeader, 'algorithm' | 'hasherVersion' | 'blockSize'> {
  readonly identity: ImageIdentity;
}

/** What bounds one call of a store. */
export interface StoreOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Keeps hash vectors between runs, in a directory, in memory or elsewhere.
 *
 * A vector belongs to its subject: `vectorKeyOf` makes a key of 32 hexadecimal digits from it, the same for the same
 * content, hasher and block size. A run stores a vector only if a later run can recognise its subject: not if the image can
 * change unnoticed, and not if the hasher has no version.
 *
 * Every method may be called concurrently, by several processes too where the place is shared by them. What a method
 * throws is a warning of the run, which then reads the image or goes on without storing: only `aborted` and `refused`
 * end the run.
 */
export interface VectorStore {
  /** @throws `refused` where nothing in the store may be trusted, so that a run can fail before its first image. */
  requireAllowed?(): Promise<void>;

  /**
   * The vector of the subject, `undefined` where there is none. A damaged one is none. Its `name` is the one that the
   * image was hashed under. Its rows can be read after the signal has fired.
   */
  find(subject: VectorSubject, options?: StoreOptions): Promise<HashVector | undefined>;

  /**
   * Keeps a vector under its subject, and returns it as it is kept, so that what is in memory can be given up. Where the
   * subject has a vector already, that one may be returned.
   *
   * @param vector with its `identity`, `algorithm`, `hasherVersion` and `blockSize`
   */
  store(vector: HashVector, options?: StoreOptions): Promise<HashVector>;
}

/**
 * Injects the store of the program that embeds the analyzer. Register it in the container of `createAnalyzer` to keep the
 * hash vectors of all runs that state no `cache` of their own.
 */
export const VECTOR_STORE: InjectionToken<VectorStore> = Symbol.for('virt-similarity.vector-store');
