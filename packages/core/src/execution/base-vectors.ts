import type { ImageIdentity } from '../contracts/disk-image.js';
import type { IdentifiedSource } from '../contracts/disk-reader.js';
import type { HashVector } from '../contracts/hash-vector.js';
import { baseOf, isVolatile } from '../identity/chain.js';
import { vectorKeyOf } from '../store/vector-key.js';

/** How the vectors of a run are made. */
interface VectorSettings {
  /** Name of the block hasher. */
  readonly hasher: string;
  /** Bytes. */
  readonly blockSize: number;
}

/** Reads and hashes an image. */
type HashIdentified = (image: IdentifiedSource) => Promise<HashVector>;

/**
 * The vectors of base images, each obtained once per run: from the store, or by hashing the base if several images of the
 * run share it.
 */
export class BaseVectors {
  readonly #settings: VectorSettings;
  readonly #find: (identity: ImageIdentity) => Promise<HashVector | undefined>;
  /** By key: how many images of the run have the image in their chains, or are it. */
  readonly #demand = new Map<string, number>();
  /** By key: the vectors that were asked for, or are being made. */
  readonly #vectors = new Map<string, Promise<HashVector | undefined>>();

  /**
   * @param images all that the run is going to read
   * @param find looks into the store
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

  /** The vector of the image that another is laid over; nothing where reading that one as a whole costs no more. */
  async below({ identity }: IdentifiedSource, hash: HashIdentified): Promise<HashVector | undefined> {
    const base = baseOf(identity);
    return base && this.#vectorOf(base, hash);
  }

  /** Hashes an image of the run, unless that was done, or is being done, for one that is laid over it. */
  async own(image: IdentifiedSource, hash: HashIdentified): Promise<HashVector> {
    const key = this.#key(image.identity);
    if ((this.#demand.get(key) ?? 0) < 2 || isVolatile(image.identity)) {
      return hash(image);
    }
    const made = this.#vectors.get(key);
    if (made === undefined) {
      return this.#making(key, hash(image));
    }
    return (await made) ?? this.#making(key, hash(image));
  }

  #making(key: string, vector: Promise<HashVector>): Promise<HashVector> {
    this.#vectors.set(
      key,
      vector.catch(() => undefined),
    );
    return vector;
  }

  #vectorOf(base: IdentifiedSource, hash: HashIdentified): Promise<HashVector | undefined> {
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
    if (!isShared && (await this.below(base, hash)) === undefined) {
      return undefined;
    }
    // Where it cannot be read, the overlay cannot either, and says so itself.
    return hash(base).catch(() => undefined);
  }

  #key(identity: ImageIdentity): string {
    const { hasher: algorithm, blockSize } = this.#settings;
    return vectorKeyOf({ identity, algorithm, blockSize });
  }
}
