import type { ReadOptions } from '../contracts/disk-reader.js';
import type { HashVector } from '../contracts/hash-vector.js';
import type { StoreOptions, VectorStore, VectorSubject } from '../contracts/vector-store.js';
import { asNote, type ErrorCode, VirtSimilarityError, wording, wordingOf } from '../errors.js';
import { isDecrypted, isVolatile } from '../identity/chain.js';

/** Codes of the store's errors that are rethrown; other errors only cause a warning. */
const FATAL_CODES: ReadonlySet<ErrorCode> = new Set(['aborted', 'refused']);

/**
 * Wraps a run's store. Skips vectors that no later run could recognise and, unless the user allows it, vectors of
 * decrypted content. Reports a failure of the store as a warning, once for each message, instead of throwing it, except
 * `aborted` and `refused`.
 */
export class RunStore {
  readonly #store: VectorStore;
  readonly #warn: NonNullable<ReadOptions['warn']>;
  readonly #decrypted: 'stored' | 'skipped';
  /** The warnings that were already reported: an unreachable store fails for every image. */
  readonly #reported = new Set<string>();

  /**
   * @param warn receives the store's errors, except `aborted` and `refused`
   * @param decrypted what happens to vectors of decrypted content
   */
  constructor(store: VectorStore, warn: NonNullable<ReadOptions['warn']>, decrypted: 'stored' | 'skipped') {
    this.#store = store;
    this.#decrypted = decrypted;
    this.#warn = warn;
  }

  /**
   * Asks the store whether it may be used. Warns of any error of the store other than `refused` and `aborted`.
   *
   * @throws `refused` if the store must not be used, `aborted`, and what the callback for warnings throws.
   */
  async requireAllowed(): Promise<void> {
    await this.#attempt('cannot use the store', async () => this.#store.requireAllowed?.());
  }

  /**
   * Finds a vector. Returns `undefined` if the store has none or fails. Does not ask the store, and returns
   * `undefined`, if the identity is volatile, the hasher has no version, or the content is decrypted and vectors of
   * decrypted content are skipped.
   *
   * @throws `aborted` and `refused` if the store does, and what the callback for warnings throws.
   */
  async find(subject: VectorSubject, options: StoreOptions): Promise<HashVector | undefined> {
    if (!this.#isStorable(subject)) {
      return undefined;
    }
    return this.#attempt('cannot read from the store', () => this.#store.find(subject, options));
  }

  /**
   * Stores a vector. Returns the stored vector, or `vector` itself if it was not stored.
   *
   * @throws as `find`.
   */
  async store(vector: HashVector, options: StoreOptions): Promise<HashVector> {
    if (vector.identity === undefined || !this.#isStorable({ ...vector, identity: vector.identity })) {
      return vector;
    }
    const stored = await this.#attempt('cannot write to the store', () => this.#store.store(vector, options));
    return stored ?? vector;
  }

  async #attempt<Result>(problem: string, call: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await call();
    } catch (thrown) {
      if (thrown instanceof VirtSimilarityError && FATAL_CODES.has(thrown.code)) {
        throw thrown;
      }
      const [message, messageWording] = asNote(wording`${problem}: ${wordingOf(thrown)}`);
      if (!this.#reported.has(message)) {
        this.#warn(message, messageWording);
      }
      this.#reported.add(message);
      return undefined;
    }
  }

  /** Returns whether a later run can recognise the subject, and the user allows storing its vector. */
  #isStorable({ identity, hasherVersion }: VectorSubject): boolean {
    const isAllowed = this.#decrypted === 'stored' || !isDecrypted(identity);
    return isAllowed && !isVolatile(identity) && hasherVersion !== undefined;
  }
}
