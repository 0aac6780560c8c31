import type { ReadOptions } from '../contracts/disk-reader.js';
import type { HashVector } from '../contracts/hash-vector.js';
import type { StoreOptions, VectorStore, VectorSubject } from '../contracts/vector-store.js';
import { asNote, type ErrorCode, VirtSimilarityError, wording, wordingOf } from '../errors.js';
import { isVolatile } from '../identity/chain.js';

/** What a store may throw to end the run. */
const ENDING: ReadonlySet<ErrorCode> = new Set(['aborted', 'refused']);

/** A store as a run uses it: skips subjects that no later run could recognise; a store that fails costs time, not the run. */
export class RunStore {
  readonly #store: VectorStore;
  readonly #warn: NonNullable<ReadOptions['warn']>;
  /** What was warned of: a store that is out of reach fails for every image alike. */
  readonly #reported = new Set<string>();

  /** @param warn takes what the store throws, unless that ends the run */
  constructor(store: VectorStore, warn: NonNullable<ReadOptions['warn']>) {
    this.#store = store;
    this.#warn = warn;
  }

  /** @throws `refused` where the store may not be used. */
  async requireAllowed(): Promise<void> {
    await this.#attempt('cannot use the store', async () => this.#store.requireAllowed?.());
  }

  /**
   * Nothing for a volatile identity or a hasher without a version.
   *
   * @throws `aborted` and `refused`.
   */
  async find(subject: VectorSubject, options: StoreOptions): Promise<HashVector | undefined> {
    if (!isKept(subject)) {
      return undefined;
    }
    return this.#attempt('cannot look into the store', () => this.#store.find(subject, options));
  }

  /**
   * The vector as it is kept, or as it was where it is not.
   *
   * @throws `aborted` and `refused`.
   */
  async store(vector: HashVector, options: StoreOptions): Promise<HashVector> {
    if (vector.identity === undefined || !isKept({ ...vector, identity: vector.identity })) {
      return vector;
    }
    const stored = await this.#attempt('cannot keep hash vectors in the store', () =>
      this.#store.store(vector, options),
    );
    return stored ?? vector;
  }

  async #attempt<Result>(problem: string, call: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await call();
    } catch (thrown) {
      if (thrown instanceof VirtSimilarityError && ENDING.has(thrown.code)) {
        throw thrown;
      }
      const [message, itsWording] = asNote(wording`${problem}: ${wordingOf(thrown)}`);
      if (!this.#reported.has(message)) {
        this.#warn(message, itsWording);
      }
      this.#reported.add(message);
      return undefined;
    }
  }
}

/** Whether equal subjects are certain to have equal vectors in later runs. */
function isKept({ identity, hasherVersion }: VectorSubject): boolean {
  return !isVolatile(identity) && hasherVersion !== undefined;
}
