import { availableParallelism } from 'node:os';
import type { BlockHasher } from '../contracts/block-hasher.js';
import type { PartReference } from '../contracts/part-reference.js';
import type { Logger, NamedPart } from '../contracts/plugin.js';
import { brokenContract, pluginError, VirtSimilarityError } from '../errors.js';
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

/** Content that one task covers: enough to make posting it cheap, little enough that one image keeps all threads busy. */
export const TASK_BYTES = 8 * 1024 * 1024;

type HashThreads = WorkerThreads<PartTask<HashWork>, PartAnswer>;

/** A hasher, and how worker threads construct it. */
export interface PlacedHasher {
  /** What hash vectors record as the algorithm, and what messages call the hasher. */
  readonly name: string;
  readonly hasher: BlockHasher;
  /** Without one the hasher runs in the main thread. */
  readonly reference?: PartReference | undefined;
  /** What hash vectors record as the hasher's version; what the hasher says of itself if left out. */
  readonly version?: string | undefined;
  /**
   * Seconds that the hasher has for each task of at most {@link TASK_BYTES}, including reading what it hashes; 0, as when
   * absent, for no limit. Nothing limits a hasher in the main thread.
   */
  readonly timeLimit?: number | undefined;
  /** Takes the notes of the hasher in threads. */
  readonly logger?: Logger | undefined;
}

/**
 * The threads that hash. `acquire` bounds how many tasks are prepared or run at once, over all images,
 * and with it the memory that they take.
 */
export class HashingPool {
  readonly #hasher: NamedPart<BlockHasher>;
  /** What hash vectors record as the hasher's version. */
  readonly hasherVersion: string | undefined;
  /** None where the hasher runs in the main thread. */
  readonly #threads: HashThreads | undefined;
  /**
   * One that does not hash, so that there are always two to agree, as a module may make its digests depend on when it was
   * loaded. For hashers that state a version, and so promise otherwise, one of those that hash is asked.
   */
  readonly #probing: HashThreads | undefined;
  /** The digest of the probe, which every thread must agree with. */
  #probe: Promise<Uint8Array> | undefined;
  #isClosed = false;
  /** Set once the hasher has taken too long: it is not asked again. */
  #overrun: VirtSimilarityError | undefined;
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #memory: Uint8Array[] = [];

  /**
   * @param jobs Number of threads, at least 1. They are started as they are needed; {@link close} ends them.
   * @throws `usage` where the url is that of the running program itself, which every thread would start again.
   */
  constructor(
    { name, hasher, reference, version, timeLimit = 0, logger }: PlacedHasher,
    jobs: number = availableParallelism(),
  ) {
    this.#hasher = { name, part: hasher };
    this.hasherVersion = version ?? hasher.version;
    if (reference !== undefined) {
      for (const { url } of reference.plugins) {
        requireNotTheProgram(url, `hasher ${name}`);
      }
      const threads = (count: number): HashThreads =>
        new WorkerThreads(HASH_WORKER, count, { data: reference, timeLimit: timeLimit * 1000, logger });
      this.#threads = threads(jobs);
      this.#probing = hasher.version === undefined || timeLimit > 0 ? threads(1) : this.#threads;
    }
    // As many again as there are threads are made ready, so that no thread waits for its next task to be read.
    this.#free = jobs * 2;
  }

  /** Starts threads for this many tasks, so that they are ready by the time the tasks' bytes can be read. */
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

  /** What hash vectors record as the algorithm. */
  get hasherName(): string {
    return this.#hasher.name;
  }

  /** Waits for a place among the tasks in preparation; the caller calls what it gets when the task is done. */
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
   * Shared memory of at least so many bytes, not cleared. Fresh memory costs more than filling it, so whoever is
   * certain that nothing writes to it any more gives it back.
   */
  borrowMemory(length: number): Uint8Array {
    const kept = this.#memory.findIndex((memory) => memory.length >= length);
    if (kept >= 0) {
      return this.#memory.splice(kept, 1)[0]!;
    }
    return new Uint8Array(new SharedArrayBuffer(Math.max(length, TASK_BYTES)));
  }

  giveBack(memory: Uint8Array): void {
    if (!this.#isClosed) {
      this.#memory.push(memory);
    }
  }

  /**
   * Runs a task to its end. A single task cannot be interrupted.
   *
   * @throws as {@link runHashTask}, and `aborted` once the pool is closed; a hasher's own exception, and one that ends
   *   its thread, become a `plugin` error, as does one that gives a block two digests, in one thread or in two, or
   *   returns before the digest is there.
   * @throws `unavailable` where the hasher took too long for any task: this one, one under way or an earlier one.
   */
  async run(task: HashTask): Promise<void> {
    if (this.#isClosed) {
      throw closed();
    }
    if (this.#overrun) {
      throw this.#overrun;
    }
    const probe = await this.#probed();
    if (this.#isClosed) {
      throw closed();
    }
    if (this.#threads === undefined) {
      await new Promise(setImmediate);
      await this.#inThisThread(() => runHashTask(task, this.#hasher));
      return;
    }
    await this.#ask(this.#threads, { method: 'hash', given: [task, probe] });
  }

  /** The digest of the probe. A failed probe is kept, unless the thread could not be started. */
  #probed(): Promise<Uint8Array> {
    this.#probe ??= this.#probeHasher().catch((thrown: unknown) => {
      if (thrown instanceof VirtSimilarityError && thrown.code !== 'plugin') {
        this.#probe = undefined;
      }
      throw thrown;
    });
    return this.#probe;
  }

  /** The digest of the probe, by the hasher where it is to run: never in the main thread if it has a url. */
  async #probeHasher(): Promise<Uint8Array> {
    if (this.#probing === undefined) {
      await this.#inThisThread(() => prepared(this.#hasher.part));
      return this.#inThisThread(() => probeHasher(this.#hasher));
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

  async #inThisThread<Result>(call: () => Result | Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (thrown) {
      throw pluginError(this.#hasher.name, 'the hasher failed', thrown);
    }
  }

  /** Ends the threads: when their tasks are done, and after a moment in the middle of them. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#probing?.close(), this.#threads?.close()]);
  }

  #errorOf(thrown: unknown): VirtSimilarityError {
    if (thrown instanceof TimeLimitError && this.#overrun === undefined) {
      // One error for all images, so that it is told once.
      this.#overrun = overrunError(this.#hasher.name, 'hasher', thrown);
      // What other threads are at would only take too long as well.
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

/** @throws `plugin` where a thread's hasher has digests of another length than the main thread's. */
function requireDigestLength({ name, part: { digestLength } }: NamedPart<BlockHasher>, found: number): void {
  if (found === digestLength) {
    return;
  }
  const expected = `digests of ${digestLength} bytes, as in the main thread`;
  throw brokenContract(name, expected, `${found} in a worker thread`, 'hasher');
}

/** Hashers of the main thread that were prepared: once for each instance, not for each run. */
const PREPARED = new WeakMap<BlockHasher, Promise<void>>();

function prepared(hasher: BlockHasher): Promise<void> {
  const preparing = PREPARED.get(hasher) ?? (async () => hasher.prepare?.())();
  PREPARED.set(hasher, preparing);
  return preparing;
}
