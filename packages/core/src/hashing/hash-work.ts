import type { HashTask } from './hash-task.js';

/** The methods of a hashing thread. It receives its hasher as a `PartReference`. */
export interface HashWork {
  /** Returns the hasher's digest of the probe. */
  probe(): Promise<Uint8Array>;
  /**
   * Hashes the task's blocks. `probe` is the digest of the probe by another instance; this instance's digest must be
   * equal.
   */
  hash(task: HashTask, probe: Uint8Array): Promise<void>;
}

/** The module of hashing threads, for `WorkerThreads`. */
export const HASH_WORKER = new URL('./hash-worker.js', import.meta.url);
