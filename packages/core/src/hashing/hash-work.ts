import type { HashTask } from './hash-task.js';

/** The methods of a hashing thread. It receives its hasher as a `PartReference`. */
export interface HashWork {
  /** Returns the hasher's digest of the probe. */
  probe(): Promise<Uint8Array>;
  /** Hashes the task's blocks. `probe` is another instance's digest of the probe, which this instance's must equal. */
  hash(task: HashTask, probe: Uint8Array): Promise<void>;
}

/** The module of hashing threads, for `WorkerThreads`. */
export const HASH_WORKER = new URL('./hash-worker.js', import.meta.url);
