import type { DiskImage, ImageIdentity } from '../contracts/disk-image.js';
import type { ReadOptions } from '../contracts/disk-reader.js';
import { messageOf, VirtSimilarityError } from '../errors.js';
import type { HashVector } from '../hash-vectors/hash-vector.js';
import type { HashVectorCache } from '../hash-vectors/hash-vector-cache.js';
import { hashImage } from '../hashing/hash-image.js';
import type { HashingPool } from '../hashing/hashing-pool.js';
import { sameIdentity } from '../hashing/same-identity.js';
import type { ProgressEvent } from './analyzer.js';
import { BaseVectors } from './base-vectors.js';
import { callBack } from './call-back.js';
import type { CompleteOptions } from './options.js';
import type { AssignedSource, ReaderSessions } from './reader-sessions.js';

/** What the images of a run are read with. */
interface ReadingTools {
  readonly pool: HashingPool;
  readonly sessions: ReaderSessions;
  readonly cache: HashVectorCache | undefined;
  readonly run: CompleteOptions;
}

/** Why an image is read: for itself, or for those that are laid over it. */
type Started = 'image-started' | 'backing-started';

/** Reads and hashes the images of one run, and once for all those that several of them are laid over. */
export class ImageReading {
  readonly #tools: ReadingTools;
  readonly #bases: BaseVectors;

  /** @param images all that the run is going to read */
  constructor(images: readonly AssignedSource[], tools: ReadingTools) {
    const { hasher, blockSize, signal } = tools.run;
    this.#tools = tools;
    this.#bases = new BaseVectors(images, tools.run, async (identity) =>
      tools.cache?.find(identity, hasher, blockSize, { signal }),
    );
  }

  /** The vector of an image, kept in the cache. Throws what reading and hashing throws, and `changed`. */
  vectorOf(image: AssignedSource, readOptions: ReadOptions): Promise<HashVector> {
    return this.#bases.own(image, () => this.#read(image, 'image-started', readOptions));
  }

  async #read(assigned: AssignedSource, started: Started, readOptions: ReadOptions): Promise<HashVector> {
    const { cache, run, sessions } = this.#tools;
    const { source, reader } = assigned;
    const image = await sessions.open(assigned, readOptions);
    // Not the identity that was looked up: what changed before the image was opened is read as it is now.
    const { identity } = image;
    try {
      const vector = await this.#hash(image, { source, reader, identity }, started, readOptions);
      if (!sameIdentity(identity, await reader.identify(source, readOptions))) {
        tellChange(source.path, identity, readOptions);
      }
      return (await cache?.store(vector, { signal: run.signal })) ?? vector;
    } finally {
      await this.#close(image, source.path, readOptions);
    }
  }

  /** What is wrong with an image that changes is that it changes. */
  async #hash(
    image: DiskImage,
    assigned: AssignedSource,
    started: Started,
    readOptions: ReadOptions,
  ): Promise<HashVector> {
    const { source, reader, identity } = assigned;
    const { path } = source;
    const { pool, run } = this.#tools;
    try {
      return await hashImage(image, pool, {
        name: path,
        blockSize: run.blockSize,
        base: await this.#bases.below(assigned, (base) => this.#read(base, 'backing-started', readOptions)),
        onStart: (bytes) => this.#progress({ kind: started, path, bytes }),
        onBytes: (bytes) => this.#progress({ kind: 'image-advanced', path, bytes }),
        signal: readOptions.signal,
      });
    } catch (thrown) {
      if (!(thrown instanceof VirtSimilarityError && ['corrupt', 'unreadable'].includes(thrown.code))) throw thrown;
      const now = await reader.identify(source, readOptions).catch(() => identity);
      throw sameIdentity(identity, now) ? thrown : changed(path, thrown);
    }
  }

  /** Failing to close takes nothing from what was read, nor from the reason why that failed. */
  async #close(image: DiskImage, path: string, { warn }: ReadOptions): Promise<void> {
    try {
      await image.close();
    } catch (thrown) {
      warn?.(`cannot close ${path}: ${messageOf(thrown)}`);
    }
  }

  #progress(event: ProgressEvent): void {
    callBack(() => this.#tools.run.onProgress(event));
  }
}

/** Throws `changed`; where the user allows writers, and the image had one, he is only told. */
function tellChange(path: string, identity: ImageIdentity, { allowInUse, warn }: ReadOptions): void {
  if (!allowInUse || !identity.volatile) throw changed(path);
  warn?.(`${path} or a file beneath it changed while it was being read`);
}

function changed(path: string, cause?: unknown): VirtSimilarityError {
  const message = `${path} or a file beneath it changed while it was being read; stop what is writing to it and run again`;
  return new VirtSimilarityError('changed', message, { image: path, cause });
}
