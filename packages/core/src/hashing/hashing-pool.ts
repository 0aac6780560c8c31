import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import type { Piscina } from 'piscina';
import type { BlockHasher } from '../contracts/block-hasher.js';
import { pluginError, VirtSimilarityError } from '../errors.js';
import type { HashTask } from './hash-task.js';
import type { WorkerFailure, WorkerJob } from './hash-worker.js';
import { runHashTask } from './run-hash-task.js';

/** How long a task may go on after the pool was closed: an interrupted run is to end within a second. */
const GRACE_MS = 400;

/** Bytes of memory that is lent: what a task of many small reads takes at most. */
const LEAST_MEMORY = 8 * 1024 * 1024;

/** A hasher, and where worker threads can import it from. */
export interface PlacedHasher {
  readonly hasher: BlockHasher;
  /** The plugin's module; without one the hasher runs in the main thread. */
  readonly url?: string | undefined;
}

/**
 * The threads that hash. `acquire` bounds how many tasks are prepared or run at once, over all images,
 * and with it the memory that they take.
 */
export class HashingPool {
  readonly #placed: PlacedHasher;
  readonly #jobs: number;
  #threads: Promise<Piscina> | undefined;
  #isClosed = false;
  readonly #running = new Set<Promise<unknown>>();
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #memory: Uint8Array[] = [];

  /** @param jobs Number of threads, at least 1. They are started at the first task; {@link close} ends them. */
  constructor(placed: PlacedHasher, jobs: number = availableParallelism()) {
    this.#placed = placed;
    this.#jobs = jobs;
    // As many again as there are threads are made ready, so that no thread waits for its next task to be read.
    this.#free = jobs * 2;
  }

  get hasher(): BlockHasher {
    return this.#placed.hasher;
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
    return new Uint8Array(new SharedArrayBuffer(Math.max(length, LEAST_MEMORY)));
  }

  giveBack(memory: Uint8Array): void {
    if (!this.#isClosed) this.#memory.push(memory);
  }

  /**
   * Runs a task to its end. Throws as {@link runHashTask}, and `aborted` once the pool is closed; a hasher's own
   * exception, and one that ends its thread, become a `plugin` error.
   *
   * A single task cannot be interrupted: piscina would replace the thread, after the pool was closed too.
   */
  async run(task: HashTask): Promise<void> {
    if (this.#isClosed) throw new VirtSimilarityError('aborted', 'the hashing pool is closed');
    const { hasher, url } = this.#placed;
    if (url === undefined) {
      await new Promise(setImmediate);
      runInThisThread(task, hasher);
      return;
    }
    this.#threads ??= startThreads(this.#jobs);
    const job: WorkerJob = { task, pluginUrl: url, hasherName: hasher.name };
    const threads = await this.#threads;
    const running: Promise<WorkerFailure | undefined> = threads.run(job);
    this.#running.add(running);
    const failure = await running
      .catch((thrown: unknown) => {
        throw pluginError(hasher.name, 'the hasher ended its thread', thrown);
      })
      .finally(() => this.#running.delete(running));
    if (failure) throw new VirtSimilarityError(failure.code, failure.message);
  }

  /** Ends the threads: when their tasks are done, and after a moment in the middle of them. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // Threads that could not be started have told whoever wanted to run a task.
    const threads = await this.#threads?.catch(() => undefined);
    // A thread that is ended while it loads its modules leaves their files open (Node.js 20).
    const patience = new AbortController();
    const late = setTimeout(GRACE_MS, undefined, patience).catch(() => {});
    await Promise.race([Promise.allSettled(this.#running), late]);
    patience.abort();
    await threads?.destroy();
  }
}

async function startThreads(jobs: number): Promise<Piscina> {
  const { Piscina } = await import('piscina');
  const filename = new URL('./hash-worker-entry.cjs', import.meta.url).href;
  const threads = new Piscina({
    filename,
    // Started as tasks come: a thread without a task might still be loading when the pool is closed.
    minThreads: 0,
    maxThreads: jobs,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  // A task's failure rejects its promise. What arrives here concerns no task that anybody waits for, such as the answer
  // that a thread gave just before it was ended, and would otherwise end the process.
  threads.on('error', () => {});
  return threads;
}

function runInThisThread(task: HashTask, hasher: BlockHasher): void {
  try {
    runHashTask(task, hasher);
  } catch (error) {
    throw pluginError(hasher.name, 'the hasher failed', error);
  }
}
