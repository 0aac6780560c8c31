import type { HashTask } from './hash-task.js';

/** What a hashing thread can be asked to do with its hasher, which it is given as a `PartReference`. */
export interface HashWork {
  /** The hasher's digest of the probe. */
  probe(): Promise<Uint8Array>;
  /** Hashes the task's blocks. `probe` is the digest of the probe by another instance, which this one must agree with. */
  hash(task: HashTask, probe: Uint8Array): Promise<void>;
}

/** The module of hashing threads, for `WorkerThreads`. */
export const HASH_WORKER = new URL('./hash-worker.js', import.meta.url);
