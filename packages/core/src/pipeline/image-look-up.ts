import type { PartRegistry } from '../composition/part-registry.js';
import type { ImageIdentity } from '../contracts/disk-image.js';
import type { DiskReader, DiskSource, ReadOptions } from '../contracts/disk-reader.js';
import type { HashVector } from '../contracts/hash-vector.js';
import type { NamedPart } from '../contracts/plugin.js';
import { VirtSimilarityError } from '../errors.js';
import { limitedReader } from '../isolation/limited-reader.js';
import { isNamedAsVector } from '../vectors/named-as-vector.js';
import { openHashVector } from '../vectors/read-hash-vector.js';
import { checkedIdentity } from './checked-identity.js';
import type { CompleteOptions } from './options.js';
import type { AssignedSource } from './reader-sessions.js';
import type { RunStore } from './run-store.js';
import { yieldToEventLoop } from './yield-to-event-loop.js';

/** What is known of an image without reading it: its vector, or else the reader that reads it. */
export type LookedUp = { readonly vector: HashVector } | AssignedSource;

/** Finds the vectors of images that have one already, and the readers of the others. */
export class ImageLookUp {
  readonly #registry: PartRegistry;
  readonly #options: CompleteOptions;
  readonly #store: RunStore | undefined;
  /** Readers by name, isolated ones within their limits. */
  readonly #readers = new Map<string, NamedPart<DiskReader>>();

  /** Whether a vector of unknown version was noted. */
  #hasNotedVersion = false;

  constructor(registry: PartRegistry, options: CompleteOptions, store: RunStore | undefined) {
    this.#registry = registry;
    this.#options = options;
    this.#store = store;
  }

  /** The vector of a hash-vector file, or else the reader of the image. Throws what they throw. */
  async identify(source: DiskSource, readOptions: ReadOptions): Promise<LookedUp> {
    await yieldToEventLoop();
    if (!isNamedAsVector(source)) return this.#assign(source, readOptions);
    return { vector: await openHashVector(source.path, { noFollow: source.noFollow }) };
  }

  /** As `identify`, or the vector that the store has. Throws `usage` too, on a hash-vector file that does not fit this run. */
  async find(source: DiskSource, readOptions: ReadOptions): Promise<LookedUp> {
    const found = await this.identify(source, readOptions);
    if ('vector' in found) {
      this.#checkFit(source.path, found.vector, readOptions);
      return found;
    }
    const vector = await this.#stored(found.identity);
    return vector ? { vector } : found;
  }

  async #stored(identity: ImageIdentity): Promise<HashVector | undefined> {
    if (this.#store === undefined) return undefined;
    const { hasher, blockSize, signal } = this.#options;
    const { version: hasherVersion } = this.#registry.identifyHasher(hasher);
    const made = { algorithm: hasher, blockSize, ...(hasherVersion && { hasherVersion }) };
    return this.#store.find({ identity, ...made }, { signal });
  }

  /** Asks the reader that the user chose, or one after the other. */
  async #assign(source: DiskSource, options: ReadOptions): Promise<AssignedSource> {
    const { reader: chosen } = this.#options;
    const isChosen = chosen !== 'auto';
    const names = isChosen ? [chosen] : this.#registry.readersByPreference.map(({ name }) => name);
    const readOptions: ReadOptions = isChosen ? { ...options, isChosen } : options;
    for (const name of names) {
      const { part: reader } = this.#reader(name);
      const identity = await reader.identify(source, readOptions);
      if (identity !== undefined) {
        return { source, reader, readerName: name, identity: checkedIdentity(name, identity) };
      }
    }
    throw isChosen ? declined(source, chosen) : unreadable(source, names);
  }

  #reader(name: string): NamedPart<DiskReader> {
    const known = this.#readers.get(name);
    if (known) return known;
    const placed = {
      name,
      part: this.#registry.find('reader', name),
      isIsolated: this.#registry.isIsolated('reader', name),
    };
    const reader = { name, part: limitedReader(placed, this.#options.pluginTimeout) };
    this.#readers.set(name, reader);
    return reader;
  }

  /** A named hash-vector file must have been made as this run makes its own. */
  #checkFit(path: string, vector: HashVector, { warn }: ReadOptions): void {
    const { hasher, blockSize } = this.#options;
    if (vector.algorithm !== hasher || vector.blockSize !== blockSize) {
      const found = `${vector.algorithm} digests of ${vector.blockSize}-byte blocks`;
      const expected = `${hasher} digests of ${blockSize}-byte blocks`;
      const remedy = `hash the image again, or pass --hash ${vector.algorithm} --block-size ${vector.blockSize}`;
      throw new VirtSimilarityError('usage', `${path} holds ${found}, expected ${expected}; ${remedy}`, {
        image: path,
      });
    }
    const { version } = this.#registry.identifyHasher(hasher);
    if (vector.hasherVersion === undefined && version !== undefined && !this.#hasNotedVersion) {
      this.#hasNotedVersion = true;
      const taken = `compared as if it were version ${version}, as are others like it`;
      warn?.(`${path} does not record the version of the ${hasher} that made it; ${taken}`);
    }
    if (vector.hasherVersion !== undefined && vector.hasherVersion !== version) {
      const found = `${path} holds digests of ${hasher} version ${vector.hasherVersion}`;
      const inUse = `the ${hasher} in use ${version === undefined ? 'states no version' : `is version ${version}`}`;
      throw new VirtSimilarityError('usage', `${found}, but ${inUse}; hash the image again`, { image: path });
    }
    const { digestLength } = this.#registry.find('hasher', hasher);
    if (vector.digestLength !== digestLength) {
      const problem = `expected ${hasher} digests of ${digestLength} bytes, found ${vector.digestLength}`;
      throw new VirtSimilarityError('corrupt', `cannot use ${path}: ${problem}; hash the image again`, { image: path });
    }
  }
}

function declined({ path }: DiskSource, reader: string): VirtSimilarityError {
  const problem = `[${reader}] cannot open ${path}: it is not of a kind that this reader reads`;
  return new VirtSimilarityError('usage', `${problem}; choose --reader auto`, { image: path });
}

function unreadable({ path }: DiskSource, readers: readonly string[]): VirtSimilarityError {
  const tried = readers.join(', ') || 'none, as no plugin registers one';
  return new VirtSimilarityError('unavailable', `no reader can read ${path}: tried ${tried}; state its --format`, {
    image: path,
  });
}
