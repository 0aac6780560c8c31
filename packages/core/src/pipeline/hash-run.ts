import { realpath } from 'node:fs/promises';
import type { ImageIdentity } from '../contracts/disk-image.js';
import type { DiskReader, DiskSource, ReaderSession, ReadOptions } from '../contracts/disk-reader.js';
import { messageOf, throwIfAborted, VirtSimilarityError } from '../errors.js';
import type { HashVector } from '../hash-vectors/hash-vector.js';
import { HashVectorCache } from '../hash-vectors/hash-vector-cache.js';
import { isHashVectorFile } from '../hash-vectors/is-hash-vector-file.js';
import { openHashVector } from '../hash-vectors/read-hash-vector.js';
import { type HashImageOptions, hashImage } from '../hashing/hash-image.js';
import { HashingPool } from '../hashing/hashing-pool.js';
import { sameIdentity } from '../hashing/same-identity.js';
import type { HashOutcome } from './analyzer.js';
import { concurrently } from './concurrently.js';
import type { FoundImages } from './find-images.js';
import type { CompleteOptions } from './options.js';
import type { PluginRegistry } from './plugin-registry.js';

/** Images whose headers are looked at at once. */
const LOOKUPS_AT_ONCE = 16;

/** An image that has to be read. */
interface Pending {
  readonly source: DiskSource;
  readonly reader: DiskReader;
  readonly identity: ImageIdentity;
}

/** One run of hashing: the images that have a vector already first, then those that must be read. */
export class HashRun {
  readonly #registry: PluginRegistry;
  readonly #options: CompleteOptions;
  readonly #readOptions: ReadOptions;
  readonly #cache: HashVectorCache | undefined;

  private constructor(registry: PluginRegistry, options: CompleteOptions, allowedDirectories: readonly string[]) {
    const warn = (message: string): void => options.onNote('warning', message);
    this.#registry = registry;
    this.#options = options;
    this.#readOptions = { allowedDirectories, warn, ...(options.signal && { signal: options.signal }) };
    if (options.cache !== false) this.#cache = new HashVectorCache(options.cache, warn);
  }

  /** Yields the outcome of each image as it comes. Throws on unusable options and when interrupted. */
  static async *hash(
    registry: PluginRegistry,
    { sources, directories }: FoundImages,
    options: CompleteOptions,
  ): AsyncGenerator<HashOutcome> {
    const allowed = await Promise.all(options.allowBacking.map(realDirectory));
    yield* new HashRun(registry, options, [...directories, ...allowed]).#hash(sources);
  }

  async *#hash(sources: readonly DiskSource[]): AsyncGenerator<HashOutcome> {
    const pending: Pending[] = [];
    for await (const found of concurrently(sources, LOOKUPS_AT_ONCE, (source) => this.#lookUp(source))) {
      if ('reader' in found) pending.push(found);
      else yield this.#tell(found);
    }
    if (pending.length > 0) yield* this.#readAll(inOrder(pending, sources));
  }

  /** The outcome of an image that needs no reading, or what is known of one that does. */
  async #lookUp(source: DiskSource): Promise<HashOutcome | Pending> {
    const { hasher, blockSize } = this.#options;
    const { path } = source;
    return this.#outcome(path, async () => {
      if (source.format === undefined && (await isHashVectorFile(path).catch(() => false))) {
        return { path, vector: renamed(this.#fitting(path, await openHashVector(path)), path), cached: true };
      }
      const reader = await this.#readerOf(source);
      const identity = await reader.identify(source, this.#readOptions);
      const vector = await this.#cacheOf(identity)?.find(identity, hasher, blockSize);
      return vector ? { path, vector: renamed(vector, path), cached: true } : { source, reader, identity };
    });
  }

  async #readerOf(source: DiskSource): Promise<DiskReader> {
    if (this.#options.reader !== 'auto') return this.#registry.find('reader', this.#options.reader);
    const readers = this.#registry.all('reader');
    for (const reader of readers) if (await reader.canRead(source, this.#readOptions)) return reader;
    const tried = readers.map(({ name }) => name).join(', ') || 'none, as no plugin registers one';
    throw new VirtSimilarityError(
      'unavailable',
      `no reader can read ${source.path}: tried ${tried}; state its --format`,
    );
  }

  /** The cache, unless what it keeps could outlive the content that it was made from. */
  #cacheOf({ volatile }: ImageIdentity): HashVectorCache | undefined {
    return volatile ? undefined : this.#cache;
  }

  /** A named hash-vector file must have been made as this run makes its own. */
  #fitting(path: string, vector: HashVector): HashVector {
    const { hasher, blockSize } = this.#options;
    if (vector.algorithm === hasher && vector.blockSize === blockSize) return vector;
    const found = `${vector.algorithm} digests of ${vector.blockSize}-byte blocks`;
    const expected = `${hasher} digests of ${blockSize}-byte blocks`;
    const remedy = `hash the image again, or pass --hash ${vector.algorithm} --block-size ${vector.blockSize}`;
    throw new VirtSimilarityError('usage', `${path} holds ${found}, expected ${expected}; ${remedy}`, { image: path });
  }

  async *#readAll(pending: readonly Pending[]): AsyncGenerator<HashOutcome> {
    const { hasher, jobs, onNote } = this.#options;
    const url = this.#registry.urlOf('hasher', hasher);
    if (url === undefined) onNote('debug', `${hasher} runs in the main thread: its plugin does not say its url`);
    const pool = new HashingPool({ hasher: this.#registry.find('hasher', hasher), url }, jobs);
    const sessions = this.#startSessions(pending);
    try {
      // While some images are hashed, the next ones are opened.
      const read = (image: Pending, stop: AbortSignal): Promise<HashOutcome> =>
        this.#read(image, sessions.get(image.reader), pool, stop);
      for await (const outcome of concurrently(pending, jobs + 2, read)) yield this.#tell(outcome);
    } finally {
      await pool.close();
      for (const session of sessions.values()) await session.close();
    }
  }

  #startSessions(pending: readonly Pending[]): Map<DiskReader, ReaderSession> {
    const sessions = new Map<DiskReader, ReaderSession>();
    for (const reader of new Set(pending.map((image) => image.reader))) {
      const sources = pending.filter((image) => image.reader === reader).map(({ source }) => source);
      const session = reader.startSession?.(sources, this.#readOptions);
      if (session) sessions.set(reader, session);
    }
    return sessions;
  }

  async #read(
    { source, reader, identity }: Pending,
    session: ReaderSession | undefined,
    pool: HashingPool,
    stop: AbortSignal,
  ): Promise<HashOutcome> {
    const { signal } = this.#options;
    const readOptions = { ...this.#readOptions, signal: signal ? AbortSignal.any([signal, stop]) : stop };
    return this.#outcome(source.path, async () => {
      const image = await (session ?? reader).open(source, readOptions);
      try {
        const vector = await hashImage(image, pool, this.#hashImageOptions(source.path, readOptions.signal));
        if (!sameIdentity(identity, await reader.identify(source, readOptions))) throw changed(source.path);
        return { path: source.path, vector: (await this.#cacheOf(identity)?.store(vector)) ?? vector, cached: false };
      } finally {
        await image.close();
      }
    });
  }

  #hashImageOptions(path: string, signal: AbortSignal): HashImageOptions {
    const { blockSize, onProgress } = this.#options;
    return {
      name: path,
      blockSize,
      onStart: (bytes) => onProgress({ kind: 'image-started', path, bytes }),
      onBytes: (bytes) => onProgress({ kind: 'image-advanced', path, bytes }),
      signal,
    };
  }

  /** Makes an image's failure its outcome; an interruption is the run's own. */
  async #outcome<T>(path: string, work: () => Promise<T>): Promise<T | HashOutcome> {
    try {
      throwIfAborted(this.#options.signal);
      return await work();
    } catch (error) {
      throwIfAborted(this.#options.signal);
      return { path, error: ownError(path, error) };
    }
  }

  #tell(outcome: HashOutcome): HashOutcome {
    const { onProgress } = this.#options;
    if ('error' in outcome) onProgress({ kind: 'image-failed', ...outcome });
    else onProgress({ kind: 'image-finished', ...outcome });
    return outcome;
  }
}

/** The vector under the name that its image or file has in this run. */
function renamed(vector: HashVector, name: string): HashVector {
  const { algorithm, digestLength, blockSize, virtualSize, dataBlocks, identity, storage } = vector;
  const header = { name, algorithm, digestLength, blockSize, virtualSize, dataBlocks, ...(identity && { identity }) };
  return { ...header, ...(storage && { storage }), rows: () => vector.rows() };
}

function inOrder(pending: readonly Pending[], sources: readonly DiskSource[]): Pending[] {
  const place = new Map(sources.map((source, index) => [source, index]));
  return pending.toSorted((a, b) => place.get(a.source)! - place.get(b.source)!);
}

function changed(path: string): VirtSimilarityError {
  const message = `${path} or a file beneath it changed while it was being read; stop what is writing to it and run again`;
  return new VirtSimilarityError('changed', message, { image: path });
}

function ownError(path: string, error: unknown): VirtSimilarityError {
  if (error instanceof VirtSimilarityError) return error;
  return new VirtSimilarityError('plugin', `${path}: ${messageOf(error)}`, { image: path, cause: error });
}

async function realDirectory(path: string): Promise<string> {
  return realpath(path).catch((cause: unknown) => {
    const message = `--allow-backing ${path}: expected a directory, found ${messageOf(cause)}`;
    throw new VirtSimilarityError('usage', message, { cause });
  });
}
