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
import { vectorKeyOf } from './vector-key.js';

/**
 * Hash vectors kept in a directory of the user's own, one Arrow file each; deleting any of them is always safe.
 *
 * An entry belongs to the files and formats of an image's whole chain, the hasher and its version, and the block size.
 * It is named after that key and its own SHA-256. So entries never change, and processes share a directory without locks.
 *
 * Every method throws `refused` if the directory is a symbolic link, someone else's or writable by others.
 * To `find` and `store`, a bad entry, which they remove, and a directory that cannot be read or written are warnings, not
 * errors: they cost time, not the run. A directory that cannot be read, made or written to is one warning. The other
 * methods throw `unreadable` or `unavailable` then.
 */
export class HashVectorCache implements VectorStore {
  readonly #directory: string;
  readonly #shared: SharedCacheDirectory;
  readonly #index = new CacheIndex();
  readonly #buffers = new SpareBuffers();
  readonly #onWarning: NonNullable<ReadOptions['warn']>;
  /** What was said of the directory as a whole. */
  readonly #reported = new Set<string>();

  constructor(directory: string, onWarning: NonNullable<ReadOptions['warn']> = () => {}) {
    this.#directory = resolve(absolutePath(directory));
    this.#shared = new SharedCacheDirectory(this.#directory);
    this.#onWarning = onWarning;
  }

  /** @throws `refused` if no entry may be used, so that a run can fail before its first image. */
  async requireAllowed(): Promise<void> {
    await withCacheDirectory(this.#directory, async () => {}).catch((thrown: unknown) => {
      if (!isOfTheSystem(thrown)) {
        throw thrown;
      }
    });
  }

  /** The vector that was stored for the subject, read from its file. */
  async find(subject: VectorSubject, options: StoreOptions = {}): Promise<HashVector | undefined> {
    const key = vectorKeyOf(subject);
    try {
      return await this.#shared.use((directory) => this.#find(directory, key, options, this.#onWarning));
    } catch (thrown) {
      if (!isOfTheSystem(thrown)) {
        throw thrown;
      }
      this.#warnOfDirectory(thrown);
      return undefined;
    }
  }

  /**
   * Writes a vector and returns it as it is in its file, or as it was where the cache cannot be written. Where there is
   * an entry of the same key already, that one is returned.
   *
   * @throws `usage` if the vector does not say what it was made from, `aborted`, and `corrupt` or `changed` where
   *   reading `vector` does.
   */
  async store(vector: HashVector, options: StoreOptions = {}): Promise<HashVector> {
    const { identity } = vector;
    if (identity === undefined) {
      throw new VirtSimilarityError('usage', `cannot cache ${vector.name}: what it was made from is not known`);
    }
    const key = vectorKeyOf({ ...vector, identity });
    try {
      return await withNewCacheDirectory(
        this.#directory,
        async (directory) =>
          (await this.#find(directory, key, options, () => {})) ?? (await this.#write(directory, vector, key, options)),
      );
    } catch (thrown) {
      if (!isOfTheSystem(thrown)) {
        throw thrown;
      }
      // What has run out may be there again for the next entry; anything else concerns the directory.
      if (thrown.code === 'unreadable') {
        this.#warnOfDirectory(thrown);
      } else {
        this.#onWarning(...asNote(wording`${thrown.wording}; ${vector.name} is not cached`));
      }
      return vector;
    }
  }

  /** All entries in the order of their file names, without proving their digests. */
  async list(options: CacheListOptions = {}): Promise<CacheEntry[]> {
    return withCacheDirectory(this.#directory, (directory) =>
      describeEntries(directory, options, async (entry) => {
        throwIfAborted(options.signal);
        return openEntry(entry);
      }),
    );
  }

  /** As `list`, after proving the digest and reading every row of each entry. */
  async verify(options: CacheListOptions = {}): Promise<CacheEntry[]> {
    return withCacheDirectory(this.#directory, (directory) => this.#verify(directory, options));
  }

  /** Removes the entries that `verify` does not find current, and what killed writers left; returns the entries. */
  async prune(options: CacheListOptions = {}): Promise<CacheEntry[]> {
    return withCacheDirectory(this.#directory, async (directory) => {
      if (directory === undefined) {
        return [];
      }
      await sweepTemporaryFiles(directory, await listCacheDirectory(directory));
      const useless = (await this.#verify(directory, options)).filter((entry) => entry.state !== 'current');
      const removals = useless.map(({ path }) => removeFromCache({ directory, name: basename(path) }));
      // All that can be removed, also where something else cannot.
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

  /** All entries of the key are looked at: more than one is there only after processes wrote at the same moment. */
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
      if (!isOfTheSystem(thrown)) {
        throw thrown;
      }
      this.#warnOfDirectory(thrown);
      return [];
    }
  }

  async #write(directory: OpenDirectory, vector: HashVector, key: string, options: StoreOptions): Promise<HashVector> {
    const hash = createHash('sha256');
    const chunks = feeding(hash, encodeHashVector(vector));
    const place = (temporary: string) =>
      placeEntry({ temporary, directory, key, digest: hash.digest('hex') }, this.#buffers);
    const name = await placeFileAtomically(directory, chunks, place, { ...options, mode: 0o600 });
    return openEntry({ directory, name });
  }
}

async function* feeding(hash: Hash, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

function isOfTheSystem(thrown: unknown): thrown is VirtSimilarityError {
  return codeOf(thrown) === 'unreadable' || codeOf(thrown) === 'unavailable';
}

function codeOf(thrown: unknown): ErrorCode | undefined {
  return thrown instanceof VirtSimilarityError ? thrown.code : undefined;
}
