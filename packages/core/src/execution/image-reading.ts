import { CallbackError, callBack } from '../call-back.js';
import type { DiskImage, ImageIdentity } from '../contracts/disk-image.js';
import { type DiskReader, type IdentifiedSource, READ_DEFAULTS, type ReadOptions } from '../contracts/disk-reader.js';
import type { HashVector } from '../contracts/hash-vector.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { ProgressEvent } from '../contracts/stages.js';
import { asNote, type ErrorCode, VirtSimilarityError, wording, wordingOf } from '../errors.js';
import { currentStateOf } from '../files/current-state.js';
import { flushFiles } from '../files/flush-files.js';
import { hashImage } from '../hashing/hash-image.js';
import type { HashingPool } from '../hashing/hashing-pool.js';
import { isVolatile, partsOf, sameIdentity } from '../identity/chain.js';
import { isSettled } from '../identity/settled-identity.js';
import { checkedIdentity } from '../reading/checked-identity.js';
import type { ImageOpener } from '../reading/image-opener.js';
import { BaseVectors } from './base-vectors.js';
import type { HashJob } from './hash-job.js';
import type { RunStore } from './run-store.js';

/** What the images of a run are read with. */
interface ReadingTools {
  readonly pool: HashingPool;
  readonly reader: NamedPart<DiskReader>;
  readonly opener: ImageOpener;
  readonly store: RunStore | undefined;
  readonly job: HashJob;
  readonly hasher: { readonly name: string; readonly version?: string };
}

/** Why an image is read: for itself, or for those that are laid over it. */
type Started = 'image-started' | 'backing-started';

/** Failures that have nothing to do with an image's content. */
const OTHER_REASONS: ReadonlySet<ErrorCode> = new Set(['aborted', 'changed', 'in-use', 'unavailable']);

/** Reads and hashes the images of one run, and once for all those that several of them are laid over. */
export class ImageReading {
  readonly #tools: ReadingTools;
  readonly #bases: BaseVectors;

  /** @param images all that the run is going to read */
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
   * The vector of an image, kept in the store.
   *
   * @throws what reading and hashing throws, and `changed`.
   */
  vectorOf(image: IdentifiedSource, readOptions: ReadOptions): Promise<HashVector> {
    return this.#bases.own(image, () => this.#read(image, 'image-started', readOptions));
  }

  async #read(identified: IdentifiedSource, started: Started, readOptions: ReadOptions): Promise<HashVector> {
    const { source } = identified;
    const { reader, opener, store } = this.#tools;
    if (store !== undefined && !isVolatile(identified.identity)) {
      await flushFiles(partsOf(identified.identity));
    }
    const moment = Date.now();
    // Not the identity that was looked up, once there is another: what changed before the image was opened may be read
    // as it is now.
    let { identity } = identified;
    try {
      const image = await opener.open(source, identity, readOptions);
      try {
        identity = checkedIdentity(reader.name, image.identity);
        requireAllowedSize(image, source.path, readOptions);
        const vector = await this.#hash(image, { source, identity }, started, readOptions);
        if (!(await this.#isUnchanged({ source, identity }, readOptions))) {
          reportChange(source.path, identity, readOptions);
        }
        return await this.#keep(vector, identity, moment);
      } finally {
        await this.#close(image, source.path, readOptions);
      }
    } catch (thrown) {
      throw (await this.#isSignOfChange(thrown, { source, identity }, readOptions))
        ? changed(source.path, thrown)
        : thrown;
    }
  }

  async #hash(
    image: DiskImage,
    identified: IdentifiedSource,
    started: Started,
    readOptions: ReadOptions,
  ): Promise<HashVector> {
    const { path } = identified.source;
    const { pool, job } = this.#tools;
    return hashImage(image, pool, {
      name: path,
      blockSize: job.blockSize,
      base: await this.#bases.below(identified, (base) => this.#read(base, 'backing-started', readOptions)),
      onStart: (bytes) => this.#progress({ kind: started, path, bytes }),
      onBytes: (bytes) => this.#progress({ kind: 'image-advanced', path, bytes }),
      signal: readOptions.signal,
    });
  }

  /** Keeps the vector in the store, unless the image may still change without a trace. */
  async #keep(vector: HashVector, identity: ImageIdentity, moment: number): Promise<HashVector> {
    const { store, job } = this.#tools;
    if (store === undefined) {
      return vector;
    }
    if (isSettled(identity, moment)) {
      return store.store(vector, { signal: job.signal });
    }
    const reason = 'it was written to so shortly before that its times would not show another change';
    callBack(() => job.onNote('debug', `${vector.name} is not cached: ${reason}`));
    return vector;
  }

  /**
   * Whether reading failed because the image changed: whatever was thrown follows from that then. The files are looked at
   * first, as inspecting what has changed may fail too.
   */
  async #isSignOfChange(
    thrown: unknown,
    { source, identity }: IdentifiedSource,
    options: ReadOptions,
  ): Promise<boolean> {
    if (thrown instanceof CallbackError) {
      return false;
    }
    if (thrown instanceof VirtSimilarityError && OTHER_REASONS.has(thrown.code)) {
      return false;
    }
    if ((await currentStateOf(identity)) === 'changed') {
      return true;
    }
    return !(await this.#isUnchanged({ source, identity }, options).catch(() => true));
  }

  /** Inspects an image once more: whether it is as it was. */
  async #isUnchanged({ source, identity }: IdentifiedSource, options: ReadOptions): Promise<boolean> {
    // What was flushed before shows every change by now. A copy, as this is another question to the reader.
    const { flush: _, ...readOptions } = options;
    const now = await this.#tools.reader.part.identify(source, readOptions);
    return now !== undefined && sameIdentity(identity, now);
  }

  /** Failing to close takes nothing from what was read, nor from the reason why that failed. */
  async #close(image: DiskImage, path: string, { warn }: ReadOptions): Promise<void> {
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

/** The project's readers find that out by the header, without opening the image. */
function requireAllowedSize({ virtualSize }: DiskImage, path: string, options: ReadOptions): void {
  const { maxVirtualSize = READ_DEFAULTS.maxVirtualSize } = options;
  if (virtualSize > maxVirtualSize) {
    const remedy = wording`pass ${{ option: 'maxVirtualSize', value: virtualSize }} if it really has them`;
    const problem = `${path}: it claims a disk of ${virtualSize} bytes, allowed are ${maxVirtualSize}`;
    throw new VirtSimilarityError('refused', wording`${problem}; ${remedy}`, { image: path });
  }
}

/** @throws `changed`; only warns where the user allows writers and the image had one. */
function reportChange(path: string, identity: ImageIdentity, { allowInUse, warn }: ReadOptions): void {
  if (!allowInUse || !isVolatile(identity)) {
    throw changed(path);
  }
  warn?.(`${path} or a file beneath it changed while it was being read`);
}

function changed(path: string, cause?: unknown): VirtSimilarityError {
  const message = `${path} or a file beneath it changed while it was being read; stop what is writing to it and run again`;
  return new VirtSimilarityError('changed', message, { image: path, cause });
}
