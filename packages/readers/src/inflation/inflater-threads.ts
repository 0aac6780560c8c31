import { availableParallelism } from 'node:os';
import { WorkerThreads } from '@virt-similarity/core/threads';
import type { InflateFailure, InflateTask } from './inflate-clusters.js';

type InflaterThreads = WorkerThreads<InflateTask, InflateFailure | undefined>;

/** The threads shared by all open images, so that many images need no more threads than one image. */
let shared: { readonly threads: InflaterThreads; users: number } | undefined;

/** A right to use the shared threads until it is released. */
export interface InflaterLease {
  /** Resolves with the task's failure, if any. Rejects if a thread cannot run. */
  run(task: InflateTask): Promise<InflateFailure | undefined>;
  /** Call it once, with no task pending. The last release ends the threads. */
  release(): Promise<void>;
}

/** Returns a lease of the shared decompression threads: at most one per processor, each started when first needed. */
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
