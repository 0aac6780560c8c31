import { setMaxListeners } from 'node:events';
import { stat } from 'node:fs/promises';
import type { PartRegistry } from '../composition/part-registry.js';
import { requireImportable } from '../composition/require-importable.js';
import type { ImageIdentity, Stamp } from '../contracts/disk-image.js';
import type { DiskSource, ReadOptions } from '../contracts/disk-reader.js';
import type { PartReference } from '../contracts/part-reference.js';
import { classifyFailure, messageOf, systemReasonOf, throwIfAborted, VirtSimilarityError } from '../errors.js';
import { systemCode } from '../hash-vectors/file-error.js';
import type { HashVector } from '../hash-vectors/hash-vector.js';
import { HashVectorCache } from '../hash-vectors/hash-vector-cache.js';
import { isNamedAsVector } from '../hash-vectors/named-as-vector.js';
import { HashingPool, TASK_BYTES } from '../hashing/hashing-pool.js';
import { partsOf } from '../identity/chain.js';
import { systemPath } from '../paths/path-text.js';
import { realPath } from '../paths/real-path.js';
import type { FoundImages, HashOutcome, ProgressEvent } from './analyzer.js';
import { CallbackError, callBack } from './call-back.js';
import { concurrently } from './concurrently.js';
import { ImageLookUp } from './image-look-up.js';
import { ImageReading } from './image-reading.js';
import type { CompleteOptions } from './options.js';
import { type AssignedSource, ReaderSessions } from './reader-sessions.js';

/** Images that are opened while as many others as there are threads are hashed: small ones take longer to open. */
const OPENED_AHEAD = 6;
/** Images whose headers are looked at at once. */
const LOOKUPS_AT_ONCE = 16;

/** One run of hashing: the images that have a vector already first, then those that must be read. */
export class HashRun {
  readonly #registry: PartRegistry;
  readonly #options: CompleteOptions;
  readonly #readOptions: ReadOptions;
  readonly #cache: HashVectorCache | undefined;

  private constructor(
    registry: PartRegistry,
    options: CompleteOptions,
    allowed: Pick<ReadOptions, 'allowedDirectories' | 'allowedTrees'>,
  ) {
    const { cache, onNote, signal, maxVirtualSize, allowInUse, sandbox } = options;
    const warn = (message: string): void => callBack(() => onNote('warning', message));
    this.#registry = registry;
    this.#options = options;
    this.#readOptions = { ...allowed, maxVirtualSize, allowInUse, sandbox, warn, ...(signal && { signal }) };
    if (cache !== false) {
      this.#cache = new HashVectorCache(cache, warn);
      this.#readOptions = { ...this.#readOptions, flush: true };
    }
  }

  /** Yields each image's outcome as it comes. Throws on unusable options, when interrupted, and what callbacks throw. */
  static async *hash(
    registry: PartRegistry,
    { sources, directories, failures }: FoundImages,
    options: CompleteOptions,
  ): AsyncGenerator<HashOutcome> {
    const allowedTrees = await Promise.all(options.allowBacking.map(realDirectory));
    try {
      yield* new HashRun(registry, options, { allowedDirectories: directories, allowedTrees }).#hash(sources, failures);
    } catch (error) {
      throw error instanceof CallbackError ? error.thrown : error;
    }
  }

  async *#hash(sources: readonly DiskSource[], failures: FoundImages['failures']): AsyncGenerator<HashOutcome> {
    const { hasher, jobs, pluginTimeout } = this.#options;
    const part = this.#registry.find('hasher', hasher);
    const reference = this.#hasherReference();
    if (reference !== undefined) {
      await requireImportable(`hasher ${hasher}`, this.#registry.providedParts('hasher', hasher), this.#options);
    }
    // A refused cache concerns every image, so it is one error of the run.
    if (!sources.every(isNamedAsVector)) await this.#cache?.requireAllowed();
    const { version } = this.#registry.identifyHasher(hasher);
    const timeLimit = this.#registry.isIsolated('hasher', hasher) ? pluginTimeout : 0;
    const { logger } = this.#registry;
    const pool = new HashingPool({ name: hasher, hasher: part, reference, version, timeLimit, logger }, jobs);
    const unread: AssignedSource[] = [];
    let tasks = 0;
    const lookUp = new ImageLookUp(this.#registry, this.#options, this.#cache);
    const find = (source: DiskSource, stop: AbortSignal): Promise<HashOutcome | AssignedSource> =>
      this.#outcome(source.path, async () => {
        const failure = failures.get(source.path);
        if (failure !== undefined) {
          throw failure;
        }
        const found = await lookUp.find(source, this.#readOptionsUntil(stop));
        return 'reader' in found ? found : outcomeOf(source.path, found.vector, 'cached');
      });
    try {
      for await (const found of concurrently(sources, LOOKUPS_AT_ONCE, find)) {
        this.#reportIdentified(found);
        if ('reader' in found) {
          unread.push(found);
          tasks += Math.ceil(storedBytes(found.identity) / TASK_BYTES);
          // Threads take longer to start than the images to be opened.
          pool.expect(tasks);
        } else yield this.#tell(found);
      }
      if (unread.length > 0) yield* this.#readAll(inOrder(unread, sources), pool);
    } finally {
      await pool.close();
    }
  }

  async *#readAll(unread: readonly AssignedSource[], pool: HashingPool): AsyncGenerator<HashOutcome> {
    const { hasher, jobs, onNote } = this.#options;
    const identified = this.#registry.identifyHasher(hasher);
    const homeless = this.#registry.pluginWithoutUrl('hasher', hasher);
    if (homeless !== undefined) {
      onNote('debug', `${hasher} runs in the main thread: plugin ${homeless} has no url`);
    }
    if (this.#cache !== undefined && identified.version === undefined) {
      const reason = 'the hasher states no version and its plugin has no readable url';
      const remedy = 'give the hasher a version';
      callBack(() => onNote('warning', `hash vectors of ${hasher} are not cached: ${reason}; ${remedy}`));
    }
    const sessions = new ReaderSessions(unread, this.#readOptions);
    const reading = new ImageReading(unread, {
      pool,
      sessions,
      cache: this.#cache,
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

async function realDirectory(path: string): Promise<string> {
  const refuse = (problem: string, cause?: unknown) =>
    new VirtSimilarityError('usage', `--allow-backing ${path}: ${problem}; name the directory that holds the file`, {
      cause,
    });
  const [real, status] = await Promise.all([realPath(path), stat(systemPath(path))]).catch((cause: unknown) => {
    const isMissing = systemCode(cause) === 'ENOENT';
    throw refuse(isMissing ? 'there is no such directory' : `cannot open it: ${systemReasonOf(cause)}`, cause);
  });
  if (!status.isDirectory()) {
    throw refuse('it is not a directory');
  }
  return real;
}
