import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import type { BlockHasher } from '../contracts/block-hasher.js';
import type { NamedPart } from '../contracts/plugin.js';
import type { HashTask } from './hash-task.js';
import { HasherThreads, type PlacedHasher } from './hasher-threads.js';

export type { PlacedHasher } from './hasher-threads.js';

/**
 * The most bytes of a task's content, unless a block is larger: enough to make posting cheap, and few enough for one
 * image to keep all threads busy.
 */
export const TASK_BYTES = 8 * 1024 * 1024;

/** Threads that several pools use. */
export interface SharedThreads {
  readonly threads: HasherThreads;
  /** Ends one pool's use of the threads. */
  release(): Promise<void>;
}

/**
 * Threads that hash images. `acquire` limits how many tasks are prepared or run at a time, over all images of the pool,
 * and so limits the memory that tasks need.
 */
export class HashingPool {
  readonly #hasher: NamedPart<BlockHasher>;
  /** The version of the hasher that hash vectors record. */
  readonly hasherVersion: string | undefined;
  readonly #threads: HasherThreads;
  readonly #release: () => Promise<void>;
  readonly #stop = new AbortController();
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #memory: Uint8Array[] = [];

  /**
   * @param jobs number of threads, at least 1. They are started when needed; {@link close} ends them.
   * @param shared threads to use instead of new ones; {@link close} then releases them instead of ending them
   * @throws as the constructor of `HasherThreads`, unless threads are shared.
   */
  constructor(placed: PlacedHasher, jobs: number = availableParallelism(), shared?: SharedThreads) {
    const { name, hasher, version } = placed;
    this.#hasher = { name, part: hasher };
    this.hasherVersion = version ?? hasher.version;
    this.#threads = shared?.threads ?? new HasherThreads(placed, jobs);
    this.#release = shared?.release ?? (() => this.#threads.close());
    // Any number of tasks may listen at the same time; each removes its listener.
    setMaxListeners(0, this.#stop.signal);
    // One more task per thread is prepared in advance, so that no thread waits for its next task to be read.
    this.#free = jobs * 2;
  }

  /**
   * Starts threads for this many tasks in advance, at most as many as there are jobs, so that they are ready when the
   * tasks' bytes have been read.
   */
  expect(tasks: number): void {
    this.#threads.expect(tasks);
  }

  get hasher(): BlockHasher {
    return this.#hasher.part;
  }

  /** The name that hash vectors record as the algorithm. */
  get hasherName(): string {
    return this.#hasher.name;
  }

  /** Waits until there is room for another task. Returns a function to call once, when the task is done. */
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
   * Returns shared memory of at least `length` bytes, not cleared. Allocating memory takes longer than filling it, so
   * call {@link giveBack} when nothing reads or writes this memory any longer.
   */
  borrowMemory(length: number): Uint8Array {
    const kept = this.#memory.findIndex((memory) => memory.length >= length);
    if (kept >= 0) {
      return this.#memory.splice(kept, 1)[0]!;
    }
    return new Uint8Array(new SharedArrayBuffer(Math.max(length, TASK_BYTES)));
  }

  /** Gives memory back to the pool for reuse. A closed pool does not keep it. */
  giveBack(memory: Uint8Array): void {
    if (!this.#stop.signal.aborted) {
      this.#memory.push(memory);
    }
  }

  /**
   * Runs a task to its end. A task that a thread has begun cannot be interrupted.
   *
   * @throws as `runHashTask`, except that an error of the hasher becomes `plugin`, or `unavailable` if a system
   *   resource is exhausted. This project's own errors stay as they are.
   * @throws `plugin` if the hasher ends its thread or fails the probe (see `probeHasher`), or if its digest of the
   *   probe differs between threads.
   * @throws `unavailable` if no thread can be started, or if the hasher has exceeded its time limit in this task, or in
   *   a concurrent or earlier task.
   * @throws `aborted` once the pool is closed.
   */
  run(task: HashTask): Promise<void> {
    return this.#threads.run(task, this.#stop.signal);
  }

  /**
   * Discards tasks that no thread has received. Ends each thread when its tasks are done, and terminates threads that
   * are still running after a short grace period. Shared threads are released instead. Idempotent.
   */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#release();
  }
}
