import { CallbackError, callBack } from '../call-back.js';
import type { DiskImage, DiskStream, ImageIdentity } from '../contracts/disk-image.js';
import type { DiskReader, DiskSource, IdentifiedSource, ReadOptions } from '../contracts/disk-reader.js';
import type { HashVector } from '../contracts/hash-vector.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { ProgressEvent } from '../contracts/stages.js';
import { asNote, type ErrorCode, VirtSimilarityError, wording, wordingOf } from '../errors.js';
import { currentStateOf } from '../files/current-state.js';
import { flushFiles } from '../files/flush-files.js';
import { hashImage } from '../hashing/hash-image.js';
import type { HashingPool } from '../hashing/hashing-pool.js';
import { fileStampsOf, isVolatile, sameIdentity } from '../identity/chain.js';
import { isSettled } from '../identity/settled-identity.js';
import { checkedIdentity } from '../reading/checked-identity.js';
import type { ImageOpener } from '../reading/image-opener.js';
import { requireAllowedSize } from '../reading/require-allowed-size.js';
import { withHeader } from '../vectors/vector-header.js';
import { BaseVectors } from './base-vectors.js';
import type { HashJob } from './hash-job.js';
import type { RunStore } from './run-store.js';

/** The dependencies for reading the images of a run. */
interface ReadingTools {
  readonly pool: HashingPool;
  readonly reader: NamedPart<DiskReader>;
  readonly opener: ImageOpener;
  readonly store: RunStore | undefined;
  readonly job: HashJob;
  readonly hasher: { readonly name: string; readonly version?: string };
}

/**
 * The progress event to report when reading starts: `image-started` for an image of the run, `backing-started` for a
 * backing image that is read for the images above it.
 */
type StartKind = 'image-started' | 'backing-started';

/** Error codes of failures that a changed image does not explain. */
const NOT_FROM_CHANGE: ReadonlySet<ErrorCode> = new Set(['aborted', 'changed', 'in-use', 'unavailable']);

/** Reads and hashes the images of a run, and each shared backing image only once. */
export class ImageReading {
  readonly #tools: ReadingTools;
  readonly #bases: BaseVectors;

  /** @param images all images that the run will read */
  constructor(images: readonly IdentifiedSource[], tools: ReadingTools) {
    const { blockSize, signal } = tools.job;
    const { name: algorithm, version: hasherVersion } = tools.hasher;
    const made = { algorithm, blockSize, ...(hasherVersion && { hasherVersion }) };
    this.#tools = tools;
    this.#bases = new BaseVectors(images, tools.job, async (identity) =>
      tools.store?.find({ identity, ...made }, { signal }),
    );
  }

  /**
   * Returns the vector of an image. Reads and hashes the image unless another image of the run already requested the
   * same vector. If the run has a store, stores the vector, unless a later change of the image might not show in the
   * times of its files.
   *
   * @throws what the reader throws, as `hashImage`, `changed` if a file of the image's chain changed while it was read,
   *   as `RunStore.store`, and `CallbackError` if a callback throws.
   */
  vectorOf(image: IdentifiedSource, readOptions: ReadOptions): Promise<HashVector> {
    return this.#bases.ofImage(image, () => this.#read(image, 'image-started', readOptions));
  }

  async #read(identified: IdentifiedSource, start: StartKind, readOptions: ReadOptions): Promise<HashVector> {
    const { source } = identified;
    const { reader, opener, store } = this.#tools;
    if (store !== undefined && !isVolatile(identified.identity)) {
      await flushFiles(fileStampsOf(identified.identity));
    }
    const startTime = Date.now();
    // Replaced by the opened image's identity: a change before the image was opened is acceptable.
    let { identity } = identified;
    try {
      const image = await opener.open(source, identity, readOptions);
      try {
        identity = identityRead(source, checkedIdentity(reader.name, image.identity));
        if (identity !== image.identity) {
          const problem =
            'a program may be writing to it: the data read may mix different points in time, and is not cached';
          readOptions.warn?.(`${source.path}: ${problem}`);
        }
        if ('virtualSize' in image) {
          requireAllowedSize({ path: source.path, virtualSize: image.virtualSize }, readOptions);
        }
        const hashed = await this.#hash(image, { source, identity }, start, readOptions);
        const vector = identity === image.identity ? hashed : withHeader(hashed, { identity });
        if (!(await this.#isUnchanged({ source, identity }, readOptions))) {
          reportChange(source.path, identity, readOptions);
        }
        return await this.#store(vector, identity, startTime);
      } finally {
        await this.#close(image, source.path, readOptions);
      }
    } catch (thrown) {
      throw (await this.#isFromChange(thrown, { source, identity }, readOptions))
        ? changed(source.path, thrown)
        : thrown;
    }
  }

  async #hash(
    image: DiskImage | DiskStream,
    identified: IdentifiedSource,
    start: StartKind,
    readOptions: ReadOptions,
  ): Promise<HashVector> {
    const { path } = identified.source;
    const { pool, job } = this.#tools;
    return hashImage(image, pool, {
      name: path,
      blockSize: job.blockSize,
      base: await this.#bases.ofBase(identified, (base) => this.#read(base, 'backing-started', readOptions)),
      maxVirtualSize: readOptions.maxVirtualSize,
      onStart: (bytes) => this.#progress({ kind: start, path, bytes }),
      onBytes: (bytes) => this.#progress({ kind: 'image-advanced', path, bytes }),
      signal: readOptions.signal,
    });
  }

  /**
   * Stores the vector, unless a later change of the image might not show in the times of its files. Returns the stored
   * vector, or `vector` itself if it was not stored.
   */
  async #store(vector: HashVector, identity: ImageIdentity, startTime: number): Promise<HashVector> {
    const { store, job } = this.#tools;
    if (store === undefined) {
      return vector;
    }
    if (isSettled(identity, startTime)) {
      return store.store(vector, { signal: job.signal });
    }
    const reason = 'it was modified so recently that its timestamps might not show another change';
    callBack(() => job.onNote('debug', `${vector.name} is not cached: ${reason}`));
    return vector;
  }

  /**
   * Returns whether reading failed because the image changed. First checks the files, because inspecting a changed
   * image can fail too.
   */
  async #isFromChange(thrown: unknown, { source, identity }: IdentifiedSource, options: ReadOptions): Promise<boolean> {
    if (thrown instanceof CallbackError) {
      return false;
    }
    if (thrown instanceof VirtSimilarityError && NOT_FROM_CHANGE.has(thrown.code)) {
      return false;
    }
    if ((await currentStateOf(identity)) === 'changed') {
      return true;
    }
    return !(await this.#isUnchanged({ source, identity }, options).catch(() => true));
  }

  /** Inspects an image again and returns whether its identity is the same. */
  async #isUnchanged({ source, identity }: IdentifiedSource, options: ReadOptions): Promise<boolean> {
    // If the vector will be stored, the files were flushed before they were read, so their times show every later
    // change. The new options object makes the reader inspect the image again.
    const { flush: _, ...readOptions } = options;
    const now = await this.#tools.reader.part.identify(source, readOptions);
    return now !== undefined && sameIdentity(identity, now);
  }

  /** Closes an image. A failure is only a warning, since it affects neither the vector nor an earlier error. */
  async #close(image: DiskImage | DiskStream, path: string, { warn }: ReadOptions): Promise<void> {
    try {
      await image.close();
    } catch (thrown) {
      warn?.(...asNote(wording`cannot close ${path}: ${wordingOf(thrown)}`));
    }
  }

  #progress(event: ProgressEvent): void {
    callBack(() => this.#tools.job.onProgress(event));
  }
}

/** Returns an image's identity. Marks it as volatile if the source reported the image as in use. */
function identityRead({ inUse }: DiskSource, identity: ImageIdentity): ImageIdentity {
  const [top, ...others] = identity.chain;
  return !inUse || isVolatile(identity) ? identity : { chain: [{ ...top!, volatile: true }, ...others] };
}

/** @throws `changed`, unless the user allows images in use and this image is volatile: then only warns. */
function reportChange(path: string, identity: ImageIdentity, { allowInUse, warn }: ReadOptions): void {
  if (!allowInUse || !isVolatile(identity)) {
    throw changed(path);
  }
  warn?.(`${path} or another file of its chain changed while it was being read`);
}

function changed(path: string, cause?: unknown): VirtSimilarityError {
  const problem = `${path} or another file of its chain changed while it was being read`;
  const message = `${problem}; stop the program that writes to it and run again`;
  return new VirtSimilarityError('changed', message, { image: path, cause });
}
