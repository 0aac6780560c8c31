import type { BlockHasher } from '../contracts/block-hasher.js';
import type { PartReference } from '../contracts/part-reference.js';
import type { Logger, NamedPart } from '../contracts/plugin.js';
import { brokenContract, pluginError, VirtSimilarityError } from '../errors.js';
import { requireModuleFile } from '../files/module-file.js';
import type { PartAnswer, PartTask } from '../part-threads/part-task.js';
import { overrunError } from '../threads/overrun-error.js';
import { requireNotTheProgram } from '../threads/require-not-the-program.js';
import { received } from '../threads/thread-failure.js';
import { TimeLimitError } from '../threads/time-limit-error.js';
import { WorkerThreads } from '../threads/worker-threads.js';
import type { HashTask } from './hash-task.js';
import { HASH_WORKER, type HashWork } from './hash-work.js';
import { probeHasher } from './probe-hasher.js';
import { runHashTask } from './run-hash-task.js';

type HashThreads = WorkerThreads<PartTask<HashWork>, PartAnswer>;

/** A hasher and how worker threads construct it. */
export interface PlacedHasher {
  /** The name that hash vectors record as the algorithm and that messages use for the hasher. */
  readonly name: string;
  readonly hasher: BlockHasher;
  /** How worker threads construct the hasher. If absent, the hasher runs in the main thread. */
  readonly reference?: PartReference | undefined;
  /** The version that hash vectors record; default: the hasher's own. */
  readonly version?: string | undefined;
  /**
   * The time limit in seconds for each task of at most `TASK_BYTES`, or of one larger block. The time includes reading
   * from files. Default: 0, no limit. A hasher in the main thread has no limit.
   */
  readonly timeLimit?: number | undefined;
  /** Receives the log messages of the hasher in threads. */
  readonly logger?: Logger | undefined;
}

/** Runs a hasher: in worker threads if these can construct it, otherwise in the main thread. */
export class HasherThreads {
  readonly #hasher: NamedPart<BlockHasher>;
  /** Absent if the hasher runs in the main thread. */
  readonly #threads: HashThreads | undefined;
  /**
   * The thread that computes the digest of the probe: one of the hashing threads if the hasher has a version and no
   * time limit, otherwise a separate thread. Without a version, the digests of at least two threads must be compared,
   * because they could depend on when a thread loaded the module. A version promises that they do not.
   */
  readonly #probing: HashThreads | undefined;
  /** The digest of the probe, which must be the same in every thread. */
  #probe: Promise<Uint8Array> | undefined;
  #isClosed = false;
  /** Set once the hasher has exceeded its time limit. The hasher is then not called again. */
  #overrun: VirtSimilarityError | undefined;
  #isProbeFailed = false;

  /**
   * @param jobs number of hashing threads, at least 1. They are started when needed; {@link close} ends them.
   * @throws if the hasher runs in threads: as `requireNotTheProgram`, and `unavailable` if the module of hashing
   *   threads is missing, for example because a bundler left it out.
   */
  constructor({ name, hasher, reference, timeLimit = 0, logger }: PlacedHasher, jobs: number) {
    this.#hasher = { name, part: hasher };
    if (reference !== undefined) {
      requireModuleFile(HASH_WORKER, `run hasher ${name} in threads`);
      for (const { url } of reference.plugins) {
        requireNotTheProgram(url, `hasher ${name}`);
      }
      const threads = (count: number): HashThreads =>
        new WorkerThreads(HASH_WORKER, count, { data: reference, timeLimit: timeLimit * 1000, logger });
      this.#threads = threads(jobs);
      this.#probing = hasher.version === undefined || timeLimit > 0 ? threads(1) : this.#threads;
    }
  }

  /**
   * Starts threads for this many tasks in advance, at most as many as there are jobs, so that they are ready when the
   * tasks' bytes have been read.
   */
  expect(tasks: number): void {
    this.#threads?.prepare(tasks);
  }

  /** Whether every further task will fail, because the hasher took too long or failed its probe. */
  get isSpent(): boolean {
    return this.#overrun !== undefined || this.#isProbeFailed;
  }

  /**
   * Runs a task to its end. A task that a thread has begun cannot be interrupted.
   *
   * @param stop discards the task if no thread has received it yet; the promise then rejects with `aborted`
   * @throws as `HashingPool.run`.
   */
  async run(task: HashTask, stop: AbortSignal): Promise<void> {
    this.#requireUsable(stop);
    const probe = await this.#probeDigest();
    this.#requireUsable(stop);
    if (this.#threads === undefined) {
      await new Promise(setImmediate);
      await this.#runHere(() => runHashTask(task, this.#hasher));
      return;
    }
    await this.#ask(this.#threads, { method: 'hash', given: [task, probe] }, stop);
  }

  /**
   * Ends each thread when its tasks are done, and terminates threads that are still running after a short grace period.
   * Idempotent.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#probing?.close(), this.#threads?.close()]);
  }

  #requireUsable(stop: AbortSignal): void {
    if (this.#isClosed || stop.aborted) {
      throw closedError();
    }
    if (this.#overrun) {
      throw this.#overrun;
    }
  }

  /**
   * Returns the digest of the probe, computed once. After a `plugin` error, each later call fails with the same error.
   * After any other error, for example if a thread cannot be started, the next call tries again.
   */
  #probeDigest(): Promise<Uint8Array> {
    this.#probe ??= this.#probeHasher().catch((thrown: unknown) => {
      if (thrown instanceof VirtSimilarityError && thrown.code !== 'plugin') {
        this.#probe = undefined;
      } else {
        this.#isProbeFailed = true;
      }
      throw thrown;
    });
    return this.#probe;
  }

  /** Computes the digest of the probe where the hasher runs: in a thread if threads can construct it. */
  async #probeHasher(): Promise<Uint8Array> {
    if (this.#probing === undefined) {
      await this.#runHere(() => prepareOnce(this.#hasher.part));
      return this.#runHere(() => probeHasher(this.#hasher));
    }
    const probe = (await this.#ask(this.#probing, { method: 'probe', given: [] })) as Uint8Array;
    requireDigestLength(this.#hasher, probe.length);
    if (this.#probing !== this.#threads) {
      void this.#probing.close();
    }
    return probe;
  }

  async #ask(threads: HashThreads, task: PartTask<HashWork>, stop?: AbortSignal): Promise<unknown> {
    const answer = await threads.run(task, stop).catch((thrown: unknown) => {
      throw this.#errorOf(thrown);
    });
    if ('failure' in answer) {
      throw received(answer.failure);
    }
    return answer.result;
  }

  async #runHere<Result>(call: () => Result | Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (thrown) {
      throw pluginError(this.#hasher.name, 'the hasher failed', thrown);
    }
  }

  #errorOf(thrown: unknown): VirtSimilarityError {
    if (thrown instanceof TimeLimitError && this.#overrun === undefined) {
      // One error for all images, so that it is reported once.
      this.#overrun = overrunError(this.#hasher.name, 'hasher', thrown);
      // The tasks of other threads would probably take too long as well.
      void this.#threads?.close();
    }
    if (this.#overrun) {
      return this.#overrun;
    }
    if (this.#isClosed || (thrown instanceof VirtSimilarityError && thrown.code === 'aborted')) {
      return closedError();
    }
    return pluginError(this.#hasher.name, 'the hasher ended its thread', thrown);
  }
}

/**
 * Creates the error for a task that was started after its pool was closed, or that was discarded when the pool was
 * closed.
 */
export function closedError(): VirtSimilarityError {
  return new VirtSimilarityError('aborted', 'the hashing pool is closed');
}

/** @throws `plugin` if the digest length in a worker thread differs from that in the main thread. */
function requireDigestLength({ name, part: { digestLength } }: NamedPart<BlockHasher>, found: number): void {
  if (found === digestLength) {
    return;
  }
  const expected = `digests of ${digestLength} bytes, as in the main thread`;
  throw brokenContract(name, expected, `${found} in a worker thread`, 'hasher');
}

/** The preparation of each hasher in the main thread: each instance is prepared once, not once per run. */
const PREPARED = new WeakMap<BlockHasher, Promise<void>>();

function prepareOnce(hasher: BlockHasher): Promise<void> {
  const preparing = PREPARED.get(hasher) ?? (async () => hasher.prepare?.())();
  PREPARED.set(hasher, preparing);
  // After a failure, a later run tries again.
  preparing.catch(() => PREPARED.delete(hasher));
  return preparing;
}
