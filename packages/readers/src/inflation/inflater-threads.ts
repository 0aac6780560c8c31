import { availableParallelism } from 'node:os';
import { WorkerThreads } from '@virt-similarity/core/threads';
import type { InflateFailure, InflateTask } from './inflate-clusters.js';

type InflaterThreads = WorkerThreads<InflateTask, InflateFailure | undefined>;

/** The threads shared by all open images, so that many images need no more threads than one image. */
let shared: { readonly threads: InflaterThreads; users: number } | undefined;

/** A right to use the shared threads until it is released. */
export interface InflaterLease {
  /**
   * Runs a task on a shared thread. Resolves with the task's failure; `undefined` if the task succeeded. Rejects as
   * `WorkerThreads.run`.
   */
  run(task: InflateTask): Promise<InflateFailure | undefined>;
  /**
   * Must be called exactly once, after all tasks of this lease have settled. Releasing the last lease ends the threads.
   */
  release(): Promise<void>;
}

/**
 * Returns a lease of the shared decompression threads. The shared pool has at most one thread per processor. A thread
 * is started when a task needs it.
 */
export function leaseInflaters(): InflaterLease {
  shared ??= {
    threads: new WorkerThreads(new URL('./inflater-thread.js', import.meta.url), availableParallelism()),
    users: 0,
  };
  const { threads } = shared;
  shared.users += 1;
  return {
    run: (task) => threads.run(task),
    release: async () => {
      if (shared !== undefined) {
        shared.users -= 1;
        if (shared.users === 0) {
          shared = undefined;
          await threads.close();
        }
      }
    },
  };
}
