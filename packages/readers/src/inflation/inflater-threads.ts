import { availableParallelism } from 'node:os';
import { WorkerThreads } from '@virt-similarity/core/threads';
import type { InflateFailure, InflateTask } from './inflate-clusters.js';

type InflaterThreads = WorkerThreads<InflateTask, InflateFailure | undefined>;

/** The threads of all images that are open now, so that many images need no more threads than one. */
let shared: { readonly threads: InflaterThreads; users: number } | undefined;

/** The use of the threads, until it is released. */
export interface InflaterLease {
  /** Resolves with what failed, if anything did. Rejects where a thread cannot run. */
  run(task: InflateTask): Promise<InflateFailure | undefined>;
  /** Call once, with nothing under way; the last to do so ends the threads. */
  release(): Promise<void>;
}

/** Takes part in the threads that decompress, as many as there are processors. They are started as they are needed. */
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
