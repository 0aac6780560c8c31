import { setMaxListeners } from 'node:events';
import { CallbackError, callBack } from '../call-back.js';
import type { PartRegistry } from '../composition/part-registry.js';
import type { ImageIdentity } from '../contracts/disk-image.js';
import type { DiskReader, DiskSource, IdentifiedSource, ReadOptions } from '../contracts/disk-reader.js';
import type { ExecutionRun, HashRequest } from '../contracts/executor.js';
import type { PartReference } from '../contracts/part-reference.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { HashOutcome, IdentifyOutcome, ProgressEvent } from '../contracts/stages.js';
import type { VectorStore } from '../contracts/vector-store.js';
import { throwIfAborted } from '../errors.js';
import { TASK_BYTES } from '../hashing/hashing-pool.js';
import type { PoolLease, SharedPools } from '../hashing/shared-pools.js';
import { partsOf } from '../identity/chain.js';
import { requireImportable } from '../isolation/require-importable.js';
import { ImageOpener } from '../reading/image-opener.js';
import { HashVectorCache } from '../store/hash-vector-cache.js';
import { isNamedAsVector } from '../vectors/named-as-vector.js';
import { concurrently } from './concurrently.js';
import type { HashJob } from './hash-job.js';
import { ImageLookUp, type LookedUp } from './image-look-up.js';
import { ImageReading } from './image-reading.js';
import { failureOf, filesOf, outcomeOf } from './outcomes.js';
import { RunStore } from './run-store.js';

/** Images that are opened while as many others as there are threads are hashed: small ones take longer to open. */
const OPENED_AHEAD = 6;
/** Images whose headers are looked at at once. */
const LOOKUPS_AT_ONCE = 16;

/** What an analyzer is composed of, as a run needs it. */
export interface ExecutionContext {
  readonly registry: PartRegistry;
  /** Where the vectors of runs that state no cache are kept; nowhere when absent. */
  readonly store: VectorStore | undefined;
  /** The threads that hash, for all runs. */
  readonly pools: SharedPools;
}

/** One run of hashing: the images that have a vector already first, then those that must be read. */
export class HashRun {
  readonly #registry: PartRegistry;
  readonly #job: HashJob;
  readonly #readOptions: ReadOptions;
  readonly #store: RunStore | undefined;
  readonly #pools: SharedPools;

  private constructor(context: ExecutionContext, job: HashJob) {
    const { allowedDirectories, allowedTrees, maxVirtualSize, allowInUse, sandbox, onNote, signal } = job;
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
      warn,
      ...(signal && { signal }),
    };
    if (store !== undefined) {
      this.#store = new RunStore(store, warn);
      this.#readOptions = { ...this.#readOptions, flush: true };
    }
  }

  /**
   * Yields each image's outcome as it comes.
   *
   * @throws on unusable options, when interrupted, and what callbacks throw.
   */
  static hash(context: ExecutionContext, request: HashRequest, run: ExecutionRun): AsyncGenerator<HashOutcome> {
    return HashRun.#run(context, { ...request, ...run }, (each) => each.#hash());
  }

  /**
   * Yields what is known of each image before it is read, as it comes.
   *
   * @throws as `hash`.
   */
  static identify(context: ExecutionContext, request: HashRequest, run: ExecutionRun): AsyncGenerator<IdentifyOutcome> {
    // No vector is looked up or kept, so no file has to be flushed.
    return HashRun.#run(context, { ...request, ...run, cache: false }, (each) => each.#identify());
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
      } else if ('error' in each) {
        yield each;
      } else {
        yield { path: each.path, ...(each.vector.identity && { identity: each.vector.identity }) };
      }
    }
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
    const lease = this.#pools.lease(placed, jobs);
    const lookUp = new ImageLookUp(this.#registry, reader, this.#job, this.#store);
    const unread: IdentifiedSource[] = [];
    let tasks = 0;
    try {
      // A refused store concerns every image, so it is one error of the run.
      if (!sources.every(isNamedAsVector)) {
        await this.#store?.requireAllowed();
      }
      for await (const each of this.#lookUp((source, options) => lookUp.find(source, options))) {
        if ('source' in each) {
          unread.push(each);
          tasks += Math.ceil(storedBytes(each.identity) / TASK_BYTES);
          // Threads take longer to start than the images to be opened.
          lease.pool.expect(tasks);
        } else {
          yield this.#tell(each);
        }
      }
      if (unread.length > 0) {
        yield* this.#readAll(reader, inOrder(unread, sources), lease);
      }
    } finally {
      await lease.release();
    }
  }

  /** The vectors of images that have one, the readers of the others, and failures. */
  async *#lookUp(
    look: (source: DiskSource, options: ReadOptions) => Promise<LookedUp>,
  ): AsyncGenerator<HashOutcome | IdentifiedSource> {
    const find = (source: DiskSource, stop: AbortSignal): Promise<HashOutcome | IdentifiedSource> =>
      this.#outcome(source.path, async () => {
        const found = await look(source, this.#readOptionsUntil(stop));
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
    lease: PoolLease,
  ): AsyncGenerator<HashOutcome> {
    const { hasher, jobs, onNote } = this.#job;
    const identified = this.#registry.identifyHasher(hasher);
    const homeless = this.#registry.pluginWithoutUrl('hasher', hasher);
    if (homeless !== undefined) {
      callBack(() => onNote('debug', `${hasher} runs in the main thread: plugin ${homeless} has no url`));
    }
    if (this.#store !== undefined && identified.version === undefined) {
      const reason = 'the hasher states no version and its plugin has no readable url';
      const remedy = 'give the hasher a version';
      callBack(() => onNote('warning', `hash vectors of ${hasher} are not cached: ${reason}; ${remedy}`));
    }
    const opener = new ImageOpener(reader, unread, this.#readOptions);
    const reading = new ImageReading(unread, {
      pool: lease.pool,
      reader,
      opener,
      store: this.#store,
      job: this.#job,
      hasher: identified,
    });
    const read = (image: IdentifiedSource, stop: AbortSignal): Promise<HashOutcome> =>
      this.#outcome(image.source.path, async () =>
        outcomeOf(image.source.path, await reading.vectorOf(image, this.#readOptionsUntil(stop)), 'read'),
      );
    try {
      // While some images are hashed, the next ones are opened.
      for await (const outcome of concurrently(unread, jobs + OPENED_AHEAD, read)) {
        yield this.#tell(outcome);
      }
    } finally {
      // Before the session: what a thread still does may depend on it.
      await lease.release();
      await opener.close();
    }
  }

  #reader(): NamedPart<DiskReader> {
    const { reader: name } = this.#job;
    return { name, part: this.#registry.find('reader', name) };
  }

  /** How threads construct the hasher; nothing where it has to run in the main thread. */
  #hasherReference(): PartReference | undefined {
    const { hasher } = this.#job;
    const isHomeless = this.#registry.pluginWithoutUrl('hasher', hasher) !== undefined;
    return isHomeless ? undefined : this.#registry.reference('hasher', hasher);
  }

  #readOptionsUntil(stop: AbortSignal): ReadOptions {
    const { signal } = this.#job;
    const either = signal ? AbortSignal.any([signal, stop]) : stop;
    // Every process and connection for an image listens to it, and without a signal of the caller those of all images.
    setMaxListeners(0, either);
    return { ...this.#readOptions, signal: either };
  }

  /** Makes an image's failure its outcome; an interruption and what a callback throws are the run's own. */
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
    if ('error' in found) {
      return;
    }
    const path = 'source' in found ? found.source.path : found.path;
    this.#progress({ kind: 'image-identified', path, files: filesOf(found) });
  }

  #tell(outcome: HashOutcome): HashOutcome {
    if ('error' in outcome) {
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

/** Bytes of all files that an image's content comes from. */
function storedBytes(identity: ImageIdentity): number {
  return partsOf(identity).reduce((bytes, { size }) => bytes + Number(size), 0);
}

function inOrder(unread: readonly IdentifiedSource[], sources: readonly DiskSource[]): IdentifiedSource[] {
  const place = new Map(sources.map((source, index) => [source, index]));
  return unread.toSorted((a, b) => place.get(a.source)! - place.get(b.source)!);
}
