import type { HashTask } from './hash-task.js';

/** The methods of a hashing thread. It receives its hasher as a `PartReference`. */
export interface HashWork {
  /** Returns the hasher's digest of the probe (see `probeHasher`). */
  probe(): Promise<Uint8Array>;
  /**
   * Hashes the task's blocks (see `runHashTask`). The first call also checks that this thread's instance of the hasher
   * has the expected digest of the probe.
   *
   * @param probe the expected digest, from another instance
   */
  hash(task: HashTask, probe: Uint8Array): Promise<void>;
}

/** The module of hashing threads, for `WorkerThreads`. */
export const HASH_WORKER = new URL('./hash-worker.js', import.meta.url);
