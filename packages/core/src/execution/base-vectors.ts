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
 * The vectors of backing images. Each is obtained once per run: from the store, or by hashing the backing image if
 * several images of the run share it or its own backing image has a vector.
 */
export class BaseVectors {
  readonly #settings: VectorSettings;
  readonly #find: (identity: ImageIdentity) => Promise<HashVector | undefined>;
  /** By key of an image: the number of the run's images that have it in their chain, including the image itself. */
  readonly #demand = new Map<string, number>();
  /** By key: the vectors that were requested, including those in progress. */
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
   * Returns the vector of an image's backing image. Returns `undefined` if there is no `standalone` backing image, if
   * it is volatile or cannot be read, or if reading the complete image costs no more.
   */
  async ofBase({ identity }: IdentifiedSource, hash: HashIdentified): Promise<HashVector | undefined> {
    const base = baseOf(identity);
    return base && this.#baseVector(base, hash);
  }

  /**
   * Returns the vector of an image of the run. Hashes the image, unless its vector was already requested for an image
   * above it.
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
    // If the base cannot be read, its overlay cannot either, and reports the error.
    return hash(base).catch(() => undefined);
  }

  #key(identity: ImageIdentity): string {
    const { hasher: algorithm, blockSize } = this.#settings;
    return vectorKeyOf({ identity, algorithm, blockSize });
  }
}
