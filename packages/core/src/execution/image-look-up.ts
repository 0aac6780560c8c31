import { callBack } from '../call-back.js';
import type { PartRegistry } from '../composition/part-registry.js';
import type { ImageIdentity } from '../contracts/disk-image.js';
import type { DiskReader, DiskSource, IdentifiedSource, ReadOptions } from '../contracts/disk-reader.js';
import type { HashVector } from '../contracts/hash-vector.js';
import type { NamedPart } from '../contracts/plugin.js';
import { VirtSimilarityError, wording } from '../errors.js';
import { checkedIdentity } from '../reading/checked-identity.js';
import { isNamedAsVector } from '../vectors/named-as-vector.js';
import { openHashVector } from '../vectors/read-hash-vector.js';
import { noteOfGuessedFormat } from './guessed-format.js';
import type { HashJob } from './hash-job.js';
import type { RunStore } from './run-store.js';

/** Milliseconds after which look-ups yield to the event loop. */
const LONGEST_TURN = 10;

/** The result of looking up an image without reading it: its vector, or else its identity. */
export type LookUpResult = { readonly vector: HashVector } | IdentifiedSource;

/** Finds the vectors of images that already have a vector, and the identities of the other images. */
export class ImageLookUp {
  readonly #registry: PartRegistry;
  readonly #reader: NamedPart<DiskReader>;
  readonly #job: HashJob;
  readonly #store: RunStore | undefined;
  /** Whether the warning about a hash-vector file without a hasher version was given. */
  #hasNotedVersion = false;

  constructor(registry: PartRegistry, reader: NamedPart<DiskReader>, job: HashJob, store: RunStore | undefined) {
    this.#registry = registry;
    this.#reader = reader;
    this.#job = job;
    this.#store = store;
  }

  /**
   * Returns the vector of a hash-vector file, or the identity of an image.
   *
   * @throws as `openHashVector` for a hash-vector file. For an image: what the reader throws, `usage` if the reader
   *   declines the image, `plugin` if the identity is invalid, and `CallbackError` if `onNote` throws.
   */
  async identify(source: DiskSource, readOptions: ReadOptions): Promise<LookUpResult> {
    await yieldToEventLoop();
    if (!isNamedAsVector(source)) {
      return this.#inspect(source, readOptions);
    }
    const opened = this.#job.openVectors?.get(source.path);
    return { vector: opened ?? (await openHashVector(source.path, { noFollow: source.noFollow })) };
  }

  /**
   * As `identify`, but returns the image's vector if the store has it.
   *
   * @throws as `identify`, and as `RunStore.find` for an image. For a hash-vector file, also `usage` if its hasher,
   *   hasher version or block size is not that of this run, `corrupt` if its digests have the wrong length, and what
   *   the callback for warnings throws.
   */
  async find(source: DiskSource, readOptions: ReadOptions): Promise<LookUpResult> {
    const found = await this.identify(source, readOptions);
    if ('vector' in found) {
      this.#checkFit(source.path, found.vector, readOptions);
      return found;
    }
    const vector = await this.#stored(found.identity);
    return vector ? { vector } : found;
  }

  async #stored(identity: ImageIdentity): Promise<HashVector | undefined> {
    if (this.#store === undefined) {
      return undefined;
    }
    const { hasher, blockSize, signal } = this.#job;
    const { version: hasherVersion } = this.#registry.identifyHasher(hasher);
    const made = { algorithm: hasher, blockSize, ...(hasherVersion && { hasherVersion }) };
    return this.#store.find({ identity, ...made }, { signal });
  }

  async #inspect(source: DiskSource, options: ReadOptions): Promise<IdentifiedSource> {
    const { name, part } = this.#reader;
    // A reader without `imagesIn` does not support archives and would look for a file at the path of the image. The
    // reader `auto` asks only readers that support archives.
    const isInUnknown = source.archive !== undefined && part.imagesIn === undefined && part.readerOf === undefined;
    const identity = isInUnknown ? undefined : await part.identify(source, { ...options, isChosen: true });
    if (identity === undefined) {
      throw declined(source, name, isInUnknown ? 'no archives' : 'all files');
    }
    const checked = checkedIdentity(name, identity);
    this.#noteGuess(source, checked);
    return { source, identity: checked };
  }

  #noteGuess(source: DiskSource, identity: ImageIdentity): void {
    const { name, part } = this.#reader;
    const readers = this.#registry.all('reader').filter((other) => other.part.readerOf === undefined);
    const note = noteOfGuessedFormat(source, identity, part.readerOf?.(identity) ?? name, readers);
    if (note !== undefined) {
      callBack(() => this.#job.onNote('debug', note));
    }
  }

  /**
   * Requires that a hash-vector file has the hasher, hasher version, block size and digest length of this run. A file
   * that records no hasher version is accepted; the first such file causes a warning if the hasher has a version.
   *
   * @throws `usage` if the hasher, its version or the block size differs, and `corrupt` if the digest length differs.
   */
  #checkFit(path: string, vector: HashVector, { warn }: ReadOptions): void {
    const { hasher, blockSize } = this.#job;
    if (vector.algorithm !== hasher || vector.blockSize !== blockSize) {
      const found = `${vector.algorithm} digests of ${vector.blockSize}-byte blocks`;
      const expected = `${hasher} digests of ${blockSize}-byte blocks`;
      const made = [
        { option: 'hasher', value: vector.algorithm },
        ' ',
        { option: 'blockSize', value: vector.blockSize },
      ];
      const remedy = wording`hash the image again, or pass ${made}`;
      throw new VirtSimilarityError('usage', wording`${path} holds ${found}, expected ${expected}; ${remedy}`, {
        image: path,
      });
    }
    const { version } = this.#registry.identifyHasher(hasher);
    if (vector.hasherVersion === undefined && version !== undefined && !this.#hasNotedVersion) {
      this.#hasNotedVersion = true;
      const assumed = `version ${version} is assumed for every file without one`;
      warn?.(`${path} does not record the version of ${hasher} that made it; ${assumed}`);
    }
    if (vector.hasherVersion !== undefined && vector.hasherVersion !== version) {
      const found = `${path} holds digests of ${hasher} version ${vector.hasherVersion}`;
      const inUse = `the ${hasher} in use ${version === undefined ? 'has no version' : `is version ${version}`}`;
      throw new VirtSimilarityError('usage', `${found}, but ${inUse}; hash the image again`, { image: path });
    }
    const { digestLength } = this.#registry.find('hasher', hasher);
    if (vector.digestLength !== digestLength) {
      const problem = `expected ${hasher} digests of ${digestLength} bytes, found ${vector.digestLength}`;
      throw new VirtSimilarityError('corrupt', `cannot use ${path}: ${problem}; hash the image again`, { image: path });
    }
  }
}

function declined({ path }: DiskSource, reader: string, support: 'all files' | 'no archives'): VirtSimilarityError {
  const unsupported = support === 'no archives' ? 'images in archives' : 'its format';
  const problem = `[${reader}] cannot open ${path}: this reader does not support ${unsupported}`;
  return new VirtSimilarityError('usage', wording`${problem}; choose ${{ option: 'reader', value: 'auto' }}`, {
    image: path,
  });
}

let turnEnds = 0;

/** Lets the event loop run if look-ups have not yielded for about 10 ms, so that signals and progress are processed. */
async function yieldToEventLoop(): Promise<void> {
  if (performance.now() < turnEnds) {
    return;
  }
  await new Promise(setImmediate);
  turnEnds = performance.now() + LONGEST_TURN;
}
