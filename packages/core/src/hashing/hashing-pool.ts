import { availableParallelism } from 'node:os';
import type { BlockHasher } from '../contracts/block-hasher.js';
import { pluginError, VirtSimilarityError } from '../errors.js';
import { overrunError } from '../threads/overrun-error.js';
import { received, type ThreadFailure } from '../threads/thread-failure.js';
import { TimeLimitError } from '../threads/time-limit-error.js';
import { WorkerThreads } from '../threads/worker-threads.js';
import type { HashTask } from './hash-task.js';
import type { HashWorkerData } from './hash-worker.js';
import { runHashTask } from './run-hash-task.js';

/** Content that one task covers: enough to make posting it cheap, little enough that one image keeps all threads busy. */
export const TASK_BYTES = 8 * 1024 * 1024;

/** A hasher, and where worker threads can import it from. */
export interface PlacedHasher {
  readonly hasher: BlockHasher;
  /** The plugin's module; without one the hasher runs in the main thread. */
  readonly url?: string | undefined;
  /**
   * Seconds that the hasher has for each task of at most {@link TASK_BYTES}, with reading what it hashes; 0, as when
   * absent, for no limit. Nothing limits a hasher in the main thread.
   */
  readonly timeLimit?: number | undefined;
}

/**
 * The threads that hash. `acquire` bounds how many tasks are prepared or run at once, over all images,
 * and with it the memory that they take.
 */
export class HashingPool {
  readonly #hasher: BlockHasher;
  /** None where the hasher runs in the main thread. */
  readonly #threads: WorkerThreads<HashTask, ThreadFailure | undefined> | undefined;
  #isClosed = false;
  /** Set once the hasher has taken too long: it is not asked again. */
  #overrun: VirtSimilarityError | undefined;
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #memory: Uint8Array[] = [];

  /** @param jobs Number of threads, at least 1. They are started as they are needed; {@link close} ends them. */
  constructor({ hasher, url, timeLimit = 0 }: PlacedHasher, jobs: number = availableParallelism()) {
    this.#hasher = hasher;
    if (url !== undefined) {
      const data: HashWorkerData = { pluginUrl: url, hasherName: hasher.name };
      this.#threads = new WorkerThreads(new URL('./hash-worker.js', import.meta.url), jobs, data, timeLimit * 1000);
    }
    // As many again as there are threads are made ready, so that no thread waits for its next task to be read.
    this.#free = jobs * 2;
  }

  /** Starts as many threads as are needed for so many bytes, so that they are ready by the time these can be read. */
  expect(bytes: number): void {
    this.#threads?.prepare(Math.ceil(bytes / TASK_BYTES));
  }

  get hasher(): BlockHasher {
    return this.#hasher;
  }

  /** Waits for a place among the tasks in preparation; the caller calls what it gets when the task is done. */
  async acquire(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return () => {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }

  /**
   * Shared memory of at least so many bytes, not cleared. Fresh memory costs more than filling it, so whoever is
   * certain that nothing writes to it any more gives it back.
   */
  borrowMemory(length: number): Uint8Array {
    const kept = this.#memory.findIndex((memory) => memory.length >= length);
    if (kept >= 0) return this.#memory.splice(kept, 1)[0]!;
    return new Uint8Array(new SharedArrayBuffer(Math.max(length, TASK_BYTES)));
  }

  giveBack(memory: Uint8Array): void {
    if (!this.#isClosed) this.#memory.push(memory);
  }

  /**
   * Runs a task to its end. Throws as {@link runHashTask}, and `aborted` once the pool is closed; a hasher's own
   * exception, and one that ends its thread, become a `plugin` error. A single task cannot be interrupted.
   * Throws `unavailable` where the hasher took too long for any task: this one, one under way or an earlier one.
   */
  async run(task: HashTask): Promise<void> {
    if (this.#isClosed) throw closed();
    if (this.#overrun) throw this.#overrun;
    if (this.#threads === undefined) {
      await new Promise(setImmediate);
      runInThisThread(task, this.#hasher);
      return;
    }
    const failure = await this.#threads.run(task).catch((thrown: unknown) => {
      throw this.#errorOf(thrown);
    });
    if (failure) throw received(failure);
  }

  /** Ends the threads: when their tasks are done, and after a moment in the middle of them. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#threads?.close();
  }

  #errorOf(thrown: unknown): VirtSimilarityError {
    if (thrown instanceof TimeLimitError && this.#overrun === undefined) {
      // One error for all images, so that it is told once.
      this.#overrun = overrunError(this.#hasher.name, 'hasher', thrown);
      // What other threads are at would only take too long as well.
      void this.#threads?.close();
    }
    if (this.#overrun) return this.#overrun;
    return this.#isClosed ? closed() : pluginError(this.#hasher.name, 'the hasher ended its thread', thrown);
  }
}

function closed(): VirtSimilarityError {
  return new VirtSimilarityError('aborted', 'the hashing pool is closed');
}

function runInThisThread(task: HashTask, hasher: BlockHasher): void {
  try {
    runHashTask(task, hasher);
  } catch (error) {
    throw pluginError(hasher.name, 'the hasher failed', error);
  }
}
