import { CallbackError } from '../call-back.js';
import type { ImageIdentity } from '../contracts/disk-image.js';
import type { IdentifiedSource } from '../contracts/disk-reader.js';
import type { HashVector } from '../contracts/hash-vector.js';
import { baseOf, isVolatile } from '../identity/chain.js';
import { vectorKeyOf } from '../store/vector-key.js';

/** The hashing parameters of a run. */
interface VectorSettings {
  /** Name of the block hasher. */
  readonly hasher: string;
  /** Size of a block in bytes. */
  readonly blockSize: number;
}

/** A function that reads and hashes an image. */
type HashIdentified = (image: IdentifiedSource) => Promise<HashVector>;

/**
 * Obtains the vectors of backing images, each once per run. A vector comes from the store, or the backing image is
 * hashed. A backing image is hashed only if several images of the run use it, or if the vector of its own backing image
 * is available.
 */
export class BaseVectors {
  readonly #settings: VectorSettings;
  readonly #find: (identity: ImageIdentity) => Promise<HashVector | undefined>;
  /** By key of an image: the number of the run's images that are this image or reach it through `standalone` links. */
  readonly #demand = new Map<string, number>();
  /**
   * By key: the vectors that were requested, including those in progress; `undefined` for a vector that is not
   * available.
   */
  readonly #vectors = new Map<string, Promise<HashVector | undefined>>();

  /**
   * @param images all images that the run will read
   * @param find looks up a vector in the store
   */
  constructor(
    images: readonly IdentifiedSource[],
    settings: VectorSettings,
    find: (identity: ImageIdentity) => Promise<HashVector | undefined>,
  ) {
    this.#settings = settings;
    this.#find = find;
    for (const { identity } of images) {
      for (let each: ImageIdentity | undefined = identity; each !== undefined; each = baseOf(each)?.identity) {
        const key = this.#key(each);
        this.#demand.set(key, (this.#demand.get(key) ?? 0) + 1);
      }
    }
  }

  /**
   * Returns the vector of an image's backing image. Calls `hash` with the backing image if its vector is not in the
   * store. Returns `undefined` if the image has no `standalone` backing image, if the backing image is volatile or
   * cannot be read, or if hashing it separately would save no work.
   *
   * @throws what looking up the vector throws, and `CallbackError` if `hash` throws it.
   */
  async ofBase({ identity }: IdentifiedSource, hash: HashIdentified): Promise<HashVector | undefined> {
    const base = baseOf(identity);
    return base && this.#baseVector(base, hash);
  }

  /**
   * Returns the vector of an image of the run. If a vector with the same key was already requested, for an overlay or
   * for another image with the same identity, waits for that vector. Otherwise, or if that vector is not available,
   * hashes the image. Always hashes a volatile image.
   *
   * @throws what `hash` throws, and as `ofBase`.
   */
  async ofImage(image: IdentifiedSource, hash: HashIdentified): Promise<HashVector> {
    const key = this.#key(image.identity);
    if ((this.#demand.get(key) ?? 0) < 2 || isVolatile(image.identity)) {
      return hash(image);
    }
    const requested = this.#vectors.get(key);
    if (requested === undefined) {
      return this.#shared(key, hash(image));
    }
    return (await requested) ?? this.#shared(key, hash(image));
  }

  #shared(key: string, vector: Promise<HashVector>): Promise<HashVector> {
    this.#vectors.set(
      key,
      vector.catch(() => undefined),
    );
    return vector;
  }

  #baseVector(base: IdentifiedSource, hash: HashIdentified): Promise<HashVector | undefined> {
    const key = this.#key(base.identity);
    let vector = this.#vectors.get(key);
    if (vector === undefined) {
      vector = this.#findOrHash(base, hash);
      this.#vectors.set(key, vector);
    }
    return vector;
  }

  async #findOrHash(base: IdentifiedSource, hash: HashIdentified): Promise<HashVector | undefined> {
    const { identity } = base;
    if (isVolatile(identity)) {
      return undefined;
    }
    const found = await this.#find(identity);
    if (found !== undefined) {
      return found;
    }
    const isShared = (this.#demand.get(this.#key(identity)) ?? 0) > 1;
    if (!isShared && (await this.ofBase(base, hash)) === undefined) {
      return undefined;
    }
    // If the base cannot be read, neither can its overlay, whose outcome then reports the error.
    return hash(base).catch((thrown: unknown) => {
      if (thrown instanceof CallbackError) {
        throw thrown;
      }
      return undefined;
    });
  }

  #key(identity: ImageIdentity): string {
    const { hasher: algorithm, blockSize } = this.#settings;
    return vectorKeyOf({ identity, algorithm, blockSize });
  }
}
