import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { InflateFailure, InflateTask } from './inflate-clusters.js';

/** A task that waits for a thread or is with one. */
interface Waiting {
  readonly task: InflateTask;
  readonly resolve: (failure: InflateFailure | undefined) => void;
  readonly reject: (reason: Error) => void;
}

/** Threads that decompress, as many as there are processors. They are started as they are needed. */
class InflaterThreads {
  readonly #idle: Worker[] = [];
  readonly #queue: Waiting[] = [];
  readonly #busy = new Map<Worker, Waiting>();

  /** Resolves with what failed, if anything did. Rejects where a thread cannot run. */
  run(task: InflateTask): Promise<InflateFailure | undefined> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, resolve, reject });
      this.#dispatch();
    });
  }

  /** Lets the threads end. Nothing may be under way. */
  close(): void {
    for (const thread of this.#idle.splice(0)) {
      thread.postMessage(undefined);
    }
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const thread = this.#idle.pop() ?? this.#start();
      if (thread === undefined) {
        return;
      }
      const waiting = this.#queue.shift()!;
      this.#busy.set(thread, waiting);
      thread.ref();
      thread.postMessage(waiting.task);
    }
  }

  #start(): Worker | undefined {
    if (this.#busy.size >= availableParallelism()) {
      return undefined;
    }
    const thread = new Worker(new URL('./inflater-thread.js', import.meta.url));
    thread.on('message', (failure: InflateFailure | undefined) => {
      const done = this.#busy.get(thread);
      this.#busy.delete(thread);
      this.#idle.push(thread);
      // An idle thread does not keep the process alive.
      thread.unref();
      done?.resolve(failure);
      this.#dispatch();
    });
    thread.on('error', (reason: Error) => {
      const failed = this.#busy.get(thread);
      this.#busy.delete(thread);
      failed?.reject(reason);
      this.#dispatch();
    });
    return thread;
  }
}

/** The threads of all images that are open now, so that many images need no more threads than one. */
let shared: { readonly threads: InflaterThreads; users: number } | undefined;

/** The use of the threads, until it is released. */
export interface InflaterLease {
  run(task: InflateTask): Promise<InflateFailure | undefined>;
  /** Call once, with nothing under way; the last to do so ends the threads. */
  release(): void;
}

/** Takes part in the threads that decompress. */
export function leaseInflaters(): InflaterLease {
  shared ??= { threads: new InflaterThreads(), users: 0 };
  const { threads } = shared;
  shared.users += 1;
  return {
    run: (task) => threads.run(task),
    release: () => {
      if (shared !== undefined) {
        shared.users -= 1;
        if (shared.users === 0) {
          shared = undefined;
          threads.close();
        }
      }
    },
  };
}
