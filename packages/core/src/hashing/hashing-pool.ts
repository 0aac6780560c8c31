import { availableParallelism } from 'node:os';
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

/** Bytes of content per task: enough to make posting cheap, and few enough for one image to keep all threads busy. */
export const TASK_BYTES = 8 * 1024 * 1024;

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
   * The time limit in seconds for each task of at most {@link TASK_BYTES}, which includes reading; default: 0, no
   * limit. A hasher in the main thread has no limit.
   */
  readonly timeLimit?: number | undefined;
  /** Receives the log messages of hashers in threads. */
  readonly logger?: Logger | undefined;
}

/**
 * The threads that hash. `acquire` limits how many tasks are prepared or run at a time, over all images, and so limits
 * the memory that they need.
 */
export class HashingPool {
  readonly #hasher: NamedPart<BlockHasher>;
  /** The version of the hasher that hash vectors record. */
  readonly hasherVersion: string | undefined;
  /** Absent if the hasher runs in the main thread. */
  readonly #threads: HashThreads | undefined;
  /**
   * A thread that only computes the digest of the probe, so that two threads are always compared, because a module's
   * digests could depend on when it was loaded. A hasher with a version promises that they do not; unless it has a
   * time limit, one of the hashing threads computes the probe.
   */
  readonly #probing: HashThreads | undefined;
  /** The digest of the probe, which must be the same in every thread. */
  #probe: Promise<Uint8Array> | undefined;
  #isClosed = false;
  /** Set once the hasher has exceeded its time limit. It is then not called again. */
  #overrun: VirtSimilarityError | undefined;
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #memory: Uint8Array[] = [];

  /**
   * @param jobs number of threads, at least 1. They are started when needed; {@link close} ends them.
   * @throws `usage` if the hasher's module is the running program itself, which every thread would start again, and
   *   `unavailable` if a bundler left out a file that threads need.
   */
  constructor(
    { name, hasher, reference, version, timeLimit = 0, logger }: PlacedHasher,
    jobs: number = availableParallelism(),
  ) {
    this.#hasher = { name, part: hasher };
    this.hasherVersion = version ?? hasher.version;
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
    // One task more per thread is prepared in advance, so that no thread waits until its next task is read.
    this.#free = jobs * 2;
  }

  /** Starts threads for this many tasks in advance, so that they are ready when the tasks' bytes have been read. */
  expect(tasks: number): void {
    this.#threads?.prepare(tasks);
  }

  /** Whether the hasher has taken too long: the pool runs no further task. */
  get isOverrun(): boolean {
    return this.#overrun !== undefined;
  }

  get hasher(): BlockHasher {
    return this.#hasher.part;
  }

  /** The name that hash vectors record as the algorithm. */
  get hasherName(): string {
    return this.#hasher.name;
  }

  /** Waits until another task may be prepared. Returns a function to call when the task is done. */
  async acquire(): Promise<() => void> {
    if (this.#free > 0) {
      this.#free--;
    } else {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return () => {
      const next = this.#waiting.shift();
      if (next) {
        next();
      } else {
        this.#free++;
      }
    };
  }

  /**
   * Returns shared memory of at least `length` bytes, not cleared. New memory costs more than filling it: call
   * {@link giveBack} once nothing writes to it any longer.
   */
  borrowMemory(length: number): Uint8Array {
    const kept = this.#memory.findIndex((memory) => memory.length >= length);
    if (kept >= 0) {
      return this.#memory.splice(kept, 1)[0]!;
    }
    return new Uint8Array(new SharedArrayBuffer(Math.max(length, TASK_BYTES)));
  }

  /** Returns memory to the pool for reuse. */
  giveBack(memory: Uint8Array): void {
    if (!this.#isClosed) {
      this.#memory.push(memory);
    }
  }

  /**
   * Runs a task to its end. A single task cannot be interrupted.
   *
   * @throws as {@link runHashTask}, `aborted` once the pool is closed, and `plugin` if the hasher throws, ends its
   *   thread, writes different digests for the same block, in one thread or in two, or returns before the digest is
   *   written.
   * @throws `unavailable` if the hasher has exceeded its time limit in this task, a concurrent one or an earlier one.
   */
  async run(task: HashTask): Promise<void> {
    if (this.#isClosed) {
      throw closed();
    }
    if (this.#overrun) {
      throw this.#overrun;
    }
    const probe = await this.#probeDigest();
    if (this.#isClosed) {
      throw closed();
    }
    if (this.#threads === undefined) {
      await new Promise(setImmediate);
      await this.#runHere(() => runHashTask(task, this.#hasher));
      return;
    }
    await this.#ask(this.#threads, { method: 'hash', given: [task, probe] });
  }

  /** Returns the digest of the probe. Keeps a failure too, unless the thread could not be started. */
  #probeDigest(): Promise<Uint8Array> {
    this.#probe ??= this.#probeHasher().catch((thrown: unknown) => {
      if (thrown instanceof VirtSimilarityError && thrown.code !== 'plugin') {
        this.#probe = undefined;
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

  async #ask(threads: HashThreads, task: PartTask<HashWork>): Promise<unknown> {
    const answer = await threads.run(task).catch((thrown: unknown) => {
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

  /** Ends the threads when their tasks are done, or during the tasks if these take too long. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#probing?.close(), this.#threads?.close()]);
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
    return this.#isClosed ? closed() : pluginError(this.#hasher.name, 'the hasher ended its thread', thrown);
  }
}

function closed(): VirtSimilarityError {
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

/** Hashers that were prepared in the main thread: once per instance, not per run. */
const PREPARED = new WeakMap<BlockHasher, Promise<void>>();

function prepareOnce(hasher: BlockHasher): Promise<void> {
  const preparing = PREPARED.get(hasher) ?? (async () => hasher.prepare?.())();
  PREPARED.set(hasher, preparing);
  return preparing;
}
