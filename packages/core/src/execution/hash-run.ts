import { setMaxListeners } from 'node:events';
import { CallbackError, callBack } from '../call-back.js';
import type { PartRegistry } from '../composition/part-registry.js';
import type { DiskImage, DiskStream, ImageIdentity } from '../contracts/disk-image.js';
import type { DiskReader, DiskSource, IdentifiedSource, ReadOptions } from '../contracts/disk-reader.js';
import type { ExecutionRun, HashRequest } from '../contracts/executor.js';
import type { PartReference } from '../contracts/part-reference.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { HashOutcome, IdentifyOutcome, ProgressEvent } from '../contracts/stages.js';
import type { VectorStore } from '../contracts/vector-store.js';
import { throwIfAborted, VirtSimilarityError } from '../errors.js';
import { type HashingPool, TASK_BYTES } from '../hashing/hashing-pool.js';
import type { HashingPools } from '../hashing/hashing-pools.js';
import { fileStampsOf } from '../identity/chain.js';
import { requireImportable } from '../isolation/require-importable.js';
import { ImageOpener } from '../reading/image-opener.js';
import { HashVectorCache } from '../store/hash-vector-cache.js';
import { isNamedAsVector } from '../vectors/named-as-vector.js';
import { concurrently } from './concurrently.js';
import type { HashJob } from './hash-job.js';
import { ImageLookUp, type LookUpResult } from './image-look-up.js';
import { ImageReading } from './image-reading.js';
import { failureOf, filesOf, outcomeOf } from './outcomes.js';
import { RunStore } from './run-store.js';

/**
 * The number of images that are opened in addition to one image per thread, because opening a small image takes longer
 * than hashing it.
 */
const OPENED_AHEAD = 6;
/** The most images that are inspected at the same time. */
const LOOKUPS_AT_ONCE = 16;

/** The parts and services of an analyzer that a run needs. */
export interface ExecutionContext {
  readonly registry: PartRegistry;
  /** Stores the vectors of runs without a `cache` option. */
  readonly store: VectorStore | undefined;
  /** The hashing threads of all runs. */
  readonly pools: HashingPools;
}

/**
 * A run that hashes, inspects or opens the images of a request. Before a run reads the first image, it yields the
 * outcomes of all images that already have a vector or cannot be inspected.
 */
export class HashRun {
  readonly #registry: PartRegistry;
  readonly #job: HashJob;
  readonly #readOptions: ReadOptions;
  readonly #store: RunStore | undefined;
  readonly #pools: HashingPools;

  private constructor(context: ExecutionContext, job: HashJob) {
    const { allowedDirectories, allowedTrees, maxVirtualSize, allowInUse, sandbox, keys, onNote, signal } = job;
    const warn: NonNullable<ReadOptions['warn']> = (...note) => callBack(() => onNote('warning', ...note));
    const store = storeOf(context, job.cache, warn);
    this.#registry = context.registry;
    this.#pools = context.pools;
    this.#job = job;
    this.#readOptions = {
      allowedDirectories,
      ...(allowedTrees && { allowedTrees }),
      maxVirtualSize,
      allowInUse,
      sandbox,
      ...(keys && { keys }),
      warn,
      ...(signal && { signal }),
    };
    if (store !== undefined) {
      this.#store = new RunStore(store, warn, job.cacheDecrypted ? 'stored' : 'skipped');
      this.#readOptions = { ...this.#readOptions, flush: true };
    }
  }

  /**
   * Hashes images and yields each outcome when it is ready.
   *
   * @throws `usage` if the reader or hasher is unknown, `plugin` if either cannot be constructed or the version of the
   *   hasher is invalid, as `requireImportable` if the hasher runs in threads, `refused` if the store must not be used,
   *   `aborted` when interrupted, and what callbacks throw.
   */
  static hash(context: ExecutionContext, request: HashRequest, run: ExecutionRun): AsyncGenerator<HashOutcome> {
    return HashRun.#run(context, { ...request, ...run }, (each) => each.#hash());
  }

  /**
   * Inspects images and yields each outcome when it is ready.
   *
   * @throws `usage` if the reader is unknown, `plugin` if it cannot be constructed, `aborted` when interrupted, and
   *   what callbacks throw.
   */
  static identify(context: ExecutionContext, request: HashRequest, run: ExecutionRun): AsyncGenerator<IdentifyOutcome> {
    // No vector is looked up or stored, so no file has to be flushed.
    return HashRun.#run(context, { ...request, ...run, cache: false }, (each) => each.#identify());
  }

  /**
   * Opens the only image of a request. The caller closes the image.
   *
   * @throws `usage` if the request has more or fewer images, the image is a hash-vector file or the reader is unknown;
   *   `plugin` if the reader cannot be constructed; what the reader throws; as `openHashVector` if a hash-vector file
   *   cannot be opened; and what callbacks throw.
   */
  static async open(
    context: ExecutionContext,
    request: HashRequest,
    run: ExecutionRun,
  ): Promise<DiskImage | DiskStream> {
    try {
      return await new HashRun(context, { ...request, ...run, cache: false }).#open();
    } catch (error) {
      throw error instanceof CallbackError ? error.thrown : error;
    }
  }

  static async *#run<Outcome>(
    context: ExecutionContext,
    job: HashJob,
    act: (run: HashRun) => AsyncGenerator<Outcome>,
  ): AsyncGenerator<Outcome> {
    try {
      yield* act(new HashRun(context, job));
    } catch (error) {
      throw error instanceof CallbackError ? error.thrown : error;
    }
  }

  async *#identify(): AsyncGenerator<IdentifyOutcome> {
    const reader = this.#reader();
    const lookUp = new ImageLookUp(this.#registry, reader, this.#job, undefined);
    for await (const each of this.#lookUp((source, options) => lookUp.identify(source, options))) {
      if ('source' in each) {
        const { source, identity } = each;
        yield { path: source.path, reader: reader.part.readerOf?.(identity) ?? reader.name, identity };
      } else if (each.error !== undefined) {
        yield each;
      } else {
        yield { path: each.path, ...(each.vector.identity && { identity: each.vector.identity }) };
      }
    }
  }

  async #open(): Promise<DiskImage | DiskStream> {
    const [source, another] = this.#job.sources;
    if (source === undefined || another !== undefined) {
      throw new VirtSimilarityError('usage', `expected one image to open, found ${this.#job.sources.length}`);
    }
    const reader = this.#reader();
    const found = await new ImageLookUp(this.#registry, reader, this.#job, undefined).identify(
      source,
      this.#readOptions,
    );
    if (!('source' in found)) {
      throw new VirtSimilarityError('usage', `cannot open ${source.path}: expected a disk image, found a hash vector`);
    }
    return reader.part.open(source, found.identity, this.#readOptions);
  }

  async *#hash(): AsyncGenerator<HashOutcome> {
    const { sources, hasher, jobs, signal } = this.#job;
    const reader = this.#reader();
    const part = this.#registry.find('hasher', hasher);
    const reference = this.#hasherReference();
    if (reference !== undefined) {
      const parts = this.#registry.providedParts('hasher', hasher);
      await requireImportable(`hasher ${hasher}`, parts, this.#registry.limits(signal));
    }
    const { version } = this.#registry.identifyHasher(hasher);
    const timeLimit = this.#registry.isIsolated('hasher', hasher) ? this.#registry.pluginTimeout : 0;
    const { logger } = this.#registry;
    const placed = { name: hasher, hasher: part, reference, version, timeLimit, logger };
    const pool = this.#pools.poolOf(placed, jobs);
    const lookUp = new ImageLookUp(this.#registry, reader, this.#job, this.#store);
    const unread: IdentifiedSource[] = [];
    let tasks = 0;
    try {
      // A refused store concerns every image, so the run fails.
      if (!sources.every(isNamedAsVector)) {
        await this.#store?.requireAllowed();
      }
      for await (const each of this.#lookUp((source, options) => lookUp.find(source, options))) {
        if ('source' in each) {
          unread.push(each);
          tasks += Math.ceil(storedBytes(each.identity) / TASK_BYTES);
          // Starts threads early, because starting a thread takes longer than opening an image.
          pool.expect(tasks);
        } else {
          yield this.#reported(each);
        }
      }
      if (unread.length > 0) {
        yield* this.#readAll(reader, inOrder(unread, sources), pool);
      }
    } finally {
      await pool.close();
    }
  }

  /**
   * Looks up the images, several at a time. Yields an outcome for each image that has a vector or cannot be looked up,
   * and the identity of each other image. Reports an image as identified unless its look-up failed.
   */
  async *#lookUp(
    lookUp: (source: DiskSource, options: ReadOptions) => Promise<LookUpResult>,
  ): AsyncGenerator<HashOutcome | IdentifiedSource> {
    const find = (source: DiskSource, stop: AbortSignal): Promise<HashOutcome | IdentifiedSource> =>
      this.#outcome(source.path, async () => {
        const found = await lookUp(source, this.#readOptionsWith(stop));
        return 'source' in found ? found : outcomeOf(source.path, found.vector, 'cached');
      });
    for await (const found of concurrently(this.#job.sources, LOOKUPS_AT_ONCE, find)) {
      this.#reportIdentified(found);
      yield found;
    }
  }

  async *#readAll(
    reader: NamedPart<DiskReader>,
    unread: readonly IdentifiedSource[],
    pool: HashingPool,
  ): AsyncGenerator<HashOutcome> {
    const { hasher, jobs, onNote } = this.#job;
    const identified = this.#registry.identifyHasher(hasher);
    const withoutUrl = this.#registry.pluginWithoutUrl('hasher', hasher);
    if (withoutUrl !== undefined) {
      callBack(() => onNote('debug', `${hasher} runs in the main thread: plugin ${withoutUrl} has no url`));
    }
    if (this.#store !== undefined && identified.version === undefined) {
      const reason = 'the hasher has no version and its plugin has no readable url';
      const remedy = 'give the hasher a version';
      callBack(() => onNote('warning', `hash vectors of ${hasher} are not cached: ${reason}; ${remedy}`));
    }
    const opener = new ImageOpener(reader, unread, this.#readOptions);
    const reading = new ImageReading(unread, {
      pool,
      reader,
      opener,
      store: this.#store,
      job: this.#job,
      hasher: identified,
    });
    const read = (image: IdentifiedSource, stop: AbortSignal): Promise<HashOutcome> =>
      this.#outcome(image.source.path, async () =>
        outcomeOf(image.source.path, await reading.vectorOf(image, this.#readOptionsWith(stop)), 'read'),
      );
    try {
      // The next images are opened while others are hashed.
      for await (const outcome of concurrently(unread, jobs + OPENED_AHEAD, read)) {
        yield this.#reported(outcome);
      }
    } finally {
      // Closed before the opener, because running threads may still depend on the opener's session.
      await pool.close();
      await opener.close();
    }
  }

  #reader(): NamedPart<DiskReader> {
    const { reader: name } = this.#job;
    return { name, part: this.#registry.find('reader', name) };
  }

  /**
   * Returns the reference by which threads construct the hasher; `undefined` if the hasher must run in the main thread.
   */
  #hasherReference(): PartReference | undefined {
    const { hasher } = this.#job;
    const hasUrls = this.#registry.pluginWithoutUrl('hasher', hasher) === undefined;
    return hasUrls ? this.#registry.reference('hasher', hasher) : undefined;
  }

  /** Returns the read options with a signal that fires when the signal of the run or `stop` fires. */
  #readOptionsWith(stop: AbortSignal): ReadOptions {
    const { signal } = this.#job;
    const either = signal ? AbortSignal.any([signal, stop]) : stop;
    // Every process and connection for an image listens to this signal. If the run has no signal, all images of the run
    // share `stop`.
    setMaxListeners(0, either);
    return { ...this.#readOptions, signal: either };
  }

  /**
   * Calls `work` for an image. If `work` fails, returns the failure as the image's outcome.
   *
   * @throws `aborted` when interrupted, and `CallbackError`; both end the run.
   */
  async #outcome<T>(path: string, work: () => Promise<T>): Promise<T | HashOutcome> {
    try {
      throwIfAborted(this.#job.signal);
      return await work();
    } catch (error) {
      throwIfAborted(this.#job.signal);
      if (error instanceof CallbackError) {
        throw error;
      }
      return { path, error: failureOf(path, error) };
    }
  }

  #reportIdentified(found: HashOutcome | IdentifiedSource): void {
    if ('source' in found) {
      this.#progress({ kind: 'image-identified', path: found.source.path, files: filesOf(found) });
    } else if (found.error === undefined) {
      this.#progress({ kind: 'image-identified', path: found.path, files: filesOf(found) });
    }
  }

  /** Reports an outcome as progress and returns it. */
  #reported(outcome: HashOutcome): HashOutcome {
    if (outcome.error !== undefined) {
      this.#progress({ kind: 'image-failed', ...outcome });
    } else {
      this.#progress({ kind: 'image-finished', ...outcome });
    }
    return outcome;
  }

  #progress(event: ProgressEvent): void {
    callBack(() => this.#job.onProgress(event));
  }
}

function storeOf(
  { store }: ExecutionContext,
  cache: HashRequest['cache'],
  warn: (message: string) => void,
): VectorStore | undefined {
  if (cache === undefined) {
    return store;
  }
  return cache === false ? undefined : new HashVectorCache(cache, warn);
}

/** Returns the total size of the files of an image's chain in bytes. */
function storedBytes(identity: ImageIdentity): number {
  return fileStampsOf(identity).reduce((bytes, { size }) => bytes + Number(size), 0);
}

function inOrder(unread: readonly IdentifiedSource[], sources: readonly DiskSource[]): IdentifiedSource[] {
  const place = new Map(sources.map((source, index) => [source, index]));
  return unread.toSorted((a, b) => place.get(a.source)! - place.get(b.source)!);
}
