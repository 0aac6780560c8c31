import { createHash, type Hash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import type { ReadOptions } from '../contracts/disk-reader.js';
import type { HashVector } from '../contracts/hash-vector.js';
import type { StoreOptions, VectorStore, VectorSubject } from '../contracts/vector-store.js';
import { asNote, type ErrorCode, throwIfAborted, VirtSimilarityError, wording, wordingOf } from '../errors.js';
import { absolutePath } from '../files/absolute-path.js';
import { placeFileAtomically } from '../files/atomic-file.js';
import type { OpenDirectory } from '../files/open-directory.js';
import { sweepTemporaryFiles } from '../files/temporary-files.js';
import { encodeHashVector } from '../vectors/encode-hash-vector.js';
import { listCacheDirectory, removeFromCache, withCacheDirectory, withNewCacheDirectory } from './cache-directory.js';
import { openEntry, openProvenEntry } from './cache-entry.js';
import { CacheIndex } from './cache-index.js';
import { type CacheEntry, type CacheListOptions, describeEntries } from './describe-entries.js';
import { placeEntry } from './place-entry.js';
import { removeBadEntry } from './remove-bad-entry.js';
import { SharedCacheDirectory } from './shared-cache-directory.js';
import { SpareBuffers } from './spare-buffers.js';
import { vectorKeyOf, vectorSubjectOf } from './vector-key.js';

/**
 * Stores hash vectors in a private directory of the user, one Arrow file each. Deleting any of these files is always
 * safe.
 *
 * The key of an entry is derived from the files and formats of an image's complete chain, the hasher and its version,
 * and the block size. The file name consists of the key and the SHA-256 of the file. Therefore entries never change,
 * and processes share a directory without locks.
 *
 * Every method throws `refused` if the path is a symbolic link or not a directory, or if the directory belongs to
 * another user or is writable by others.
 *
 * `find` and `store` do not throw if an entry is bad, or if the directory cannot be read, created or written to, since
 * that only costs time. Both methods remove corrupt entries; only `find` warns about bad entries. Both give each
 * warning about the directory only once. `store` also warns about each vector that it cannot store because a system
 * resource is exhausted. If the directory cannot be read, `exists`, `list`, `verify` and `prune` throw `unreadable` or
 * `unavailable`.
 */
export class HashVectorCache implements VectorStore {
  readonly #directory: string;
  readonly #shared: SharedCacheDirectory;
  readonly #index = new CacheIndex();
  readonly #buffers = new SpareBuffers();
  readonly #onWarning: NonNullable<ReadOptions['warn']>;
  /** The warnings about the directory that were already reported. */
  readonly #reported = new Set<string>();

  constructor(directory: string, onWarning: NonNullable<ReadOptions['warn']> = () => {}) {
    this.#directory = resolve(absolutePath(directory));
    this.#shared = new SharedCacheDirectory(this.#directory);
    this.#onWarning = onWarning;
  }

  /**
   * Checks the directory, so that a run can fail before its first image. A directory that is missing or cannot be read
   * is accepted.
   *
   * @throws `refused` if the directory must not be used.
   */
  async requireAllowed(): Promise<void> {
    await withCacheDirectory(this.#directory, async () => {}).catch((thrown: unknown) => {
      if (!isSystemError(thrown)) {
        throw thrown;
      }
    });
  }

  /**
   * Returns the vector that was stored for the subject, with its rows in the file; `undefined` if there is none, or if
   * it cannot be used.
   *
   * @throws `aborted` and `refused`.
   */
  async find(subject: VectorSubject, options: StoreOptions = {}): Promise<HashVector | undefined> {
    const key = vectorKeyOf(subject);
    try {
      return await this.#shared.use((directory) => this.#find(directory, key, options, this.#onWarning));
    } catch (thrown) {
      if (!isSystemError(thrown)) {
        throw thrown;
      }
      this.#warnOfDirectory(thrown);
      return undefined;
    }
  }

  /**
   * Writes a vector. Returns the vector in the file, or `vector` itself if the cache cannot be written. If a valid
   * entry with the same key exists, writes nothing and returns the vector of that entry.
   *
   * @throws `usage` as `vectorSubjectOf`, `aborted`, `refused`, `changed` if another program replaced the temporary
   *   file, and any error other than `unreadable` and `unavailable` that reading `vector` throws.
   */
  async store(vector: HashVector, options: StoreOptions = {}): Promise<HashVector> {
    const key = vectorKeyOf(vectorSubjectOf(vector));
    try {
      return await withNewCacheDirectory(
        this.#directory,
        async (directory) =>
          (await this.#find(directory, key, options, () => {})) ?? (await this.#write(directory, vector, key, options)),
      );
    } catch (thrown) {
      if (!isSystemError(thrown)) {
        throw thrown;
      }
      // A resource that ran out may be available again for the next entry; any other error concerns the directory.
      if (thrown.code === 'unreadable') {
        this.#warnOfDirectory(thrown);
      } else {
        this.#onWarning(...asNote(wording`${thrown.wording}; ${vector.name} is not cached`));
      }
      return vector;
    }
  }

  /** Returns whether the directory exists. */
  async exists(): Promise<boolean> {
    return withCacheDirectory(this.#directory, async (directory) => directory !== undefined);
  }

  /**
   * Returns all entries in the order of their file names, without verifying their digests; none if the directory does
   * not exist.
   *
   * @throws `aborted`.
   */
  async list(options: CacheListOptions = {}): Promise<CacheEntry[]> {
    return withCacheDirectory(this.#directory, (directory) =>
      describeEntries(directory, options, async (entry) => {
        throwIfAborted(options.signal);
        return openEntry(entry);
      }),
    );
  }

  /**
   * Like `list`, but verifies the digest and reads every row of each entry.
   *
   * @throws `aborted`.
   */
  async verify(options: CacheListOptions = {}): Promise<CacheEntry[]> {
    return withCacheDirectory(this.#directory, (directory) => this.#verify(directory, options));
  }

  /**
   * Removes temporary files of writers that have ended, then verifies all entries and removes those that are not
   * current. Returns the removed entries.
   *
   * @throws `aborted`, and `unreadable` if an entry cannot be removed; removing the other entries is attempted first.
   */
  async prune(options: CacheListOptions = {}): Promise<CacheEntry[]> {
    return withCacheDirectory(this.#directory, async (directory) => {
      if (directory === undefined) {
        return [];
      }
      await sweepTemporaryFiles(directory, await listCacheDirectory(directory));
      const useless = (await this.#verify(directory, options)).filter((entry) => entry.state !== 'current');
      const removals = useless.map(({ path }) => removeFromCache({ directory, name: basename(path) }));
      // Waits for all removals, even if one fails.
      await Promise.allSettled(removals);
      await Promise.all(removals);
      return useless;
    });
  }

  #verify(directory: OpenDirectory | undefined, options: CacheListOptions): Promise<CacheEntry[]> {
    return describeEntries(directory, options, async (entry) => {
      const vector = await openProvenEntry(entry, this.#buffers, options);
      for await (const _ of vector.rows()) {
        throwIfAborted(options.signal);
      }
      return vector;
    });
  }

  /**
   * Returns the first valid vector of the key. Checks all entries of the key, and removes corrupt entries. A key has
   * more than one entry only if processes wrote at the same time, or if an entry is damaged.
   */
  async #find(
    directory: OpenDirectory | undefined,
    key: string,
    options: StoreOptions,
    warn: NonNullable<ReadOptions['warn']>,
  ): Promise<HashVector | undefined> {
    if (directory === undefined) {
      return undefined;
    }
    let found: HashVector | undefined;
    for (const name of await this.#names(directory, key)) {
      const entry = { directory, name };
      try {
        const vector = await openProvenEntry(entry, this.#buffers, options);
        found ??= vector;
      } catch (thrown) {
        if (codeOf(thrown) === 'aborted') {
          throw thrown;
        }
        warn(...asNote(wording`${wordingOf(thrown)}; the image is read again`));
        if (codeOf(thrown) === 'corrupt') {
          await removeBadEntry(entry, this.#buffers);
        }
      }
    }
    return found;
  }

  #warnOfDirectory(error: VirtSimilarityError): void {
    if (this.#reported.has(error.message)) {
      return;
    }
    this.#reported.add(error.message);
    this.#onWarning(...asNote(wording`${error.wording}; this run is not cached`));
  }

  async #names(directory: OpenDirectory, key: string): Promise<readonly string[]> {
    try {
      return await this.#index.namesOf(key, directory);
    } catch (thrown) {
      if (!isSystemError(thrown)) {
        throw thrown;
      }
      this.#warnOfDirectory(thrown);
      return [];
    }
  }

  async #write(directory: OpenDirectory, vector: HashVector, key: string, options: StoreOptions): Promise<HashVector> {
    const hash = createHash('sha256');
    const chunks = hashedChunks(hash, encodeHashVector(vector));
    const place = (temporary: string) =>
      placeEntry({ temporary, directory, key, digest: hash.digest('hex') }, this.#buffers);
    const name = await placeFileAtomically(directory, chunks, place, { ...options, mode: 0o600 });
    return openEntry({ directory, name });
  }
}

/** Yields the chunks, after adding each to the hash. */
async function* hashedChunks(
  hash: Hash,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

function isSystemError(thrown: unknown): thrown is VirtSimilarityError {
  return codeOf(thrown) === 'unreadable' || codeOf(thrown) === 'unavailable';
}

function codeOf(thrown: unknown): ErrorCode | undefined {
  return thrown instanceof VirtSimilarityError ? thrown.code : undefined;
}
