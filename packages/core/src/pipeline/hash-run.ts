import { setMaxListeners } from 'node:events';
import type { PartRegistry } from '../composition/part-registry.js';
import type { FoundImages, HashOutcome, IdentifyOutcome, ProgressEvent } from '../contracts/analyzer.js';
import type { ImageIdentity, Stamp } from '../contracts/disk-image.js';
import type { DiskSource, ReadOptions } from '../contracts/disk-reader.js';
import type { HashVector } from '../contracts/hash-vector.js';
import type { PartReference } from '../contracts/part-reference.js';
import type { VectorStore } from '../contracts/vector-store.js';
import { classifyFailure, messageOf, throwIfAborted, VirtSimilarityError } from '../errors.js';
import { HashingPool, TASK_BYTES } from '../hashing/hashing-pool.js';
import { partsOf } from '../identity/chain.js';
import { requireImportable } from '../isolation/require-importable.js';
import { HashVectorCache } from '../store/hash-vector-cache.js';
import { isNamedAsVector } from '../vectors/named-as-vector.js';
import { allowedTrees } from './allowed-trees.js';
import { CallbackError, callBack } from './call-back.js';
import { concurrently } from './concurrently.js';
import { ImageLookUp, type LookedUp } from './image-look-up.js';
import { ImageReading } from './image-reading.js';
import type { CompleteOptions } from './options.js';
import { type AssignedSource, ReaderSessions } from './reader-sessions.js';
import { RunStore } from './run-store.js';

/** Images that are opened while as many others as there are threads are hashed: small ones take longer to open. */
const OPENED_AHEAD = 6;
/** Images whose headers are looked at at once. */
const LOOKUPS_AT_ONCE = 16;

/** What an analyzer is composed of, as a run needs it. */
export interface Composition {
  readonly registry: PartRegistry;
  /** Where the vectors of runs that state no cache are kept; nowhere when absent. */
  readonly store: VectorStore | undefined;
}

/** One run of hashing: the images that have a vector already first, then those that must be read. */
export class HashRun {
  readonly #registry: PartRegistry;
  readonly #options: CompleteOptions;
  readonly #readOptions: ReadOptions;
  readonly #store: RunStore | undefined;

  private constructor(
    composition: Composition,
    options: CompleteOptions,
    allowed: Pick<ReadOptions, 'allowedDirectories' | 'allowedTrees'>,
  ) {
    const { onNote, signal, maxVirtualSize, allowInUse, sandbox } = options;
    const warn = (message: string): void => callBack(() => onNote('warning', message));
    const store = storeOf(composition, options.cache, warn);
    this.#registry = composition.registry;
    this.#options = options;
    this.#readOptions = { ...allowed, maxVirtualSize, allowInUse, sandbox, warn, ...(signal && { signal }) };
    if (store !== undefined) {
      this.#store = new RunStore(store, warn);
      this.#readOptions = { ...this.#readOptions, flush: true };
    }
  }

  /** Yields each image's outcome as it comes. Throws on unusable options, when interrupted, and what callbacks throw. */
  static hash(composition: Composition, found: FoundImages, options: CompleteOptions): AsyncGenerator<HashOutcome> {
    return HashRun.#run(composition, found, options, (run) => run.#hash(found));
  }

  /** Yields what is known of each image before it is read, as it comes. Throws as `hash`. */
  static identify(
    composition: Composition,
    found: FoundImages,
    options: CompleteOptions,
  ): AsyncGenerator<IdentifyOutcome> {
    // No vector is looked up or kept, so no file has to be flushed.
    const unstored = { ...options, cache: false } as const;
    return HashRun.#run(composition, found, unstored, (run) => run.#identify(found));
  }

  static async *#run<Outcome>(
    composition: Composition,
    { directories }: FoundImages,
    options: CompleteOptions,
    act: (run: HashRun) => AsyncGenerator<Outcome>,
  ): AsyncGenerator<Outcome> {
    const trees = await allowedTrees(options.allowBacking);
    try {
      yield* act(new HashRun(composition, options, { allowedDirectories: directories, allowedTrees: trees }));
    } catch (error) {
      throw error instanceof CallbackError ? error.thrown : error;
    }
  }

  async *#identify(found: FoundImages): AsyncGenerator<IdentifyOutcome> {
    const lookUp = new ImageLookUp(this.#registry, this.#options, undefined);
    for await (const each of this.#lookUp(found, (source, options) => lookUp.identify(source, options))) {
      if ('reader' in each) {
        const { source, readerName, identity } = each;
        yield { path: source.path, reader: readerName, identity };
      } else if ('error' in each) yield each;
      else yield { path: each.path, ...(each.vector.identity && { identity: each.vector.identity }) };
    }
  }

  async *#hash(found: FoundImages): AsyncGenerator<HashOutcome> {
    const { hasher, jobs, pluginTimeout } = this.#options;
    const part = this.#registry.find('hasher', hasher);
    const reference = this.#hasherReference();
    if (reference !== undefined) {
      await requireImportable(`hasher ${hasher}`, this.#registry.providedParts('hasher', hasher), this.#options);
    }
    const { version } = this.#registry.identifyHasher(hasher);
    const timeLimit = this.#registry.isIsolated('hasher', hasher) ? pluginTimeout : 0;
    const { logger } = this.#registry;
    const pool = new HashingPool({ name: hasher, hasher: part, reference, version, timeLimit, logger }, jobs);
    const lookUp = new ImageLookUp(this.#registry, this.#options, this.#store);
    const unread: AssignedSource[] = [];
    let tasks = 0;
    try {
      // A refused store concerns every image, so it is one error of the run.
      if (!found.sources.every(isNamedAsVector)) await this.#store?.requireAllowed();
      for await (const each of this.#lookUp(found, (source, options) => lookUp.find(source, options))) {
        if ('reader' in each) {
          unread.push(each);
          tasks += Math.ceil(storedBytes(each.identity) / TASK_BYTES);
          // Threads take longer to start than the images to be opened.
          pool.expect(tasks);
        } else yield this.#tell(each);
      }
      if (unread.length > 0) yield* this.#readAll(inOrder(unread, found.sources), pool);
    } finally {
      await pool.close();
    }
  }

  /** The vectors of images that have one, the readers of the others, and failures. */
  async *#lookUp(
    { sources, failures }: FoundImages,
    look: (source: DiskSource, options: ReadOptions) => Promise<LookedUp>,
  ): AsyncGenerator<HashOutcome | AssignedSource> {
    const find = (source: DiskSource, stop: AbortSignal): Promise<HashOutcome | AssignedSource> =>
      this.#outcome(source.path, async () => {
        const failure = failures.get(source.path);
        if (failure !== undefined) throw failure;
        const found = await look(source, this.#readOptionsUntil(stop));
        return 'reader' in found ? found : outcomeOf(source.path, found.vector, 'cached');
      });
    for await (const found of concurrently(sources, LOOKUPS_AT_ONCE, find)) {
      this.#reportIdentified(found);
      yield found;
    }
  }

  async *#readAll(unread: readonly AssignedSource[], pool: HashingPool): AsyncGenerator<HashOutcome> {
    const { hasher, jobs, onNote } = this.#options;
    const identified = this.#registry.identifyHasher(hasher);
    const homeless = this.#registry.pluginWithoutUrl('hasher', hasher);
    if (homeless !== undefined) {
      onNote('debug', `${hasher} runs in the main thread: plugin ${homeless} has no url`);
    }
    if (this.#store !== undefined && identified.version === undefined) {
      const reason = 'the hasher states no version and its plugin has no readable url';
      const remedy = 'give the hasher a version';
      callBack(() => onNote('warning', `hash vectors of ${hasher} are not cached: ${reason}; ${remedy}`));
    }
    const sessions = new ReaderSessions(unread, this.#readOptions);
    const reading = new ImageReading(unread, {
      pool,
      sessions,
      store: this.#store,
      run: this.#options,
      hasher: identified,
    });
    const read = (image: AssignedSource, stop: AbortSignal): Promise<HashOutcome> =>
      this.#outcome(image.source.path, async () =>
        outcomeOf(image.source.path, await reading.vectorOf(image, this.#readOptionsUntil(stop)), 'read'),
      );
    try {
      // While some images are hashed, the next ones are opened.
      for await (const outcome of concurrently(unread, jobs + OPENED_AHEAD, read)) yield this.#tell(outcome);
    } finally {
      // Before the sessions: what a thread still does may depend on them.
      await pool.close();
      await sessions.close();
    }
  }

  /** How threads construct the hasher; nothing where it has to run in the main thread. */
  #hasherReference(): PartReference | undefined {
    const { hasher } = this.#options;
    const isHomeless = this.#registry.pluginWithoutUrl('hasher', hasher) !== undefined;
    return isHomeless ? undefined : this.#registry.reference('hasher', hasher);
  }

  #readOptionsUntil(stop: AbortSignal): ReadOptions {
    const { signal } = this.#options;
    const either = signal ? AbortSignal.any([signal, stop]) : stop;
    // Every process and connection for an image listens to it, and without a signal of the caller those of all images.
    setMaxListeners(0, either);
    return { ...this.#readOptions, signal: either };
  }

  /** Makes an image's failure its outcome; an interruption and what a callback throws are the run's own. */
  async #outcome<T>(path: string, work: () => Promise<T>): Promise<T | HashOutcome> {
    try {
      throwIfAborted(this.#options.signal);
      return await work();
    } catch (error) {
      throwIfAborted(this.#options.signal);
      if (error instanceof CallbackError) throw error;
      return { path, error: ownError(path, error) };
    }
  }

  #reportIdentified(found: HashOutcome | AssignedSource): void {
    if ('error' in found) return;
    const path = 'reader' in found ? found.source.path : found.path;
    this.#progress({ kind: 'image-identified', path, files: filesOf(found) });
  }

  #tell(outcome: HashOutcome): HashOutcome {
    if ('error' in outcome) this.#progress({ kind: 'image-failed', ...outcome });
    else this.#progress({ kind: 'image-finished', ...outcome });
    return outcome;
  }

  #progress(event: ProgressEvent): void {
    callBack(() => this.#options.onProgress(event));
  }
}

function storeOf(
  { store }: Composition,
  cache: CompleteOptions['cache'],
  warn: (message: string) => void,
): VectorStore | undefined {
  if (cache === undefined) return store;
  return cache === false ? undefined : new HashVectorCache(cache, warn);
}

/** The vector under the name that its image or file has in this run: the cache may know it by another. */
function outcomeOf(path: string, vector: HashVector, origin: 'cached' | 'read'): HashOutcome {
  return { path, vector: { ...vector, name: path }, cached: origin === 'cached' };
}

/** The files of an image; none for a vector that was named itself: its image is not part of the run. */
function filesOf(found: Exclude<HashOutcome, { error: unknown }> | AssignedSource): readonly Stamp[] {
  if ('reader' in found) return partsOf(found.identity);
  const { identity, storage } = found.vector;
  const isNamed = storage?.kind === 'file' && storage.path === found.path;
  return isNamed || identity === undefined ? [] : partsOf(identity);
}

/** Bytes of all files that an image's content comes from. */
function storedBytes(identity: ImageIdentity): number {
  return partsOf(identity).reduce((bytes, { size }) => bytes + Number(size), 0);
}

function inOrder(unread: readonly AssignedSource[], sources: readonly DiskSource[]): AssignedSource[] {
  const place = new Map(sources.map((source, index) => [source, index]));
  return unread.toSorted((a, b) => place.get(a.source)! - place.get(b.source)!);
}

function ownError(path: string, error: unknown): VirtSimilarityError {
  if (error instanceof VirtSimilarityError) return error;
  const { code, ending } = classifyFailure(error, 'plugin');
  return new VirtSimilarityError(code, `${path}: ${messageOf(error)}${ending}`, { image: path, cause: error });
}
