import type { Logger } from '../contracts/plugin.js';
import { pluginError, throwIfAborted, VirtSimilarityError } from '../errors.js';
import type { PartAnswer, PartTask } from '../part-threads/part-task.js';
import { overrunError } from '../threads/overrun-error.js';
import { received } from '../threads/thread-failure.js';
import { TimeLimitError } from '../threads/time-limit-error.js';
import { WorkerThreads } from '../threads/worker-threads.js';
import { PART_WORKER, type PartThreadData, type PartWork } from './part-work.js';

/** The limits and services for calls of a plugin. */
export interface IsolationLimits {
  /** Time limit in seconds for each answer of a part; 0 for no limit. */
  readonly pluginTimeout: number;
  readonly signal?: AbortSignal | undefined;
  /** Receives the notes of parts in threads. */
  readonly logger?: Logger | undefined;
}

/**
 * One part of a plugin, or one plugin that is tried, in its own thread. The plugin can neither block other parts nor
 * exceed its time limit, because the thread can be ended even in an endless loop.
 */
export class PartThread {
  readonly #data: PartThreadData;
  readonly #signal: AbortSignal | undefined;
  readonly #threads: WorkerThreads<PartTask<PartWork>, PartAnswer>;
  readonly #onAbort = () => void this.close();

  /**
   * The first call starts the thread. The caller ends the thread with `close`. The signal of the limits also ends it.
   */
  constructor(data: PartThreadData, { pluginTimeout, signal, logger }: IsolationLimits) {
    this.#data = data;
    this.#signal = signal;
    this.#threads = new WorkerThreads(PART_WORKER, 1, { data, timeLimit: pluginTimeout * 1000, logger });
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /**
   * Calls a method in the thread and returns its result.
   *
   * @throws what the part throws, as `plugin` unless it is one of this project's errors; `plugin` if the part ends its
   *   thread; `unavailable` if the part exceeds its time limit, which ends the thread, or if a system resource is
   *   exhausted; `usage` if an argument cannot be copied to the thread; and `aborted`.
   */
  async call<Method extends keyof PartWork>(
    method: Method,
    ...given: Parameters<PartWork[Method]>
  ): Promise<Awaited<ReturnType<PartWork[Method]>>> {
    throwIfAborted(this.#signal);
    const answer = await this.#threads.run({ method, given } as PartTask<PartWork>).catch((thrown: unknown) => {
      throwIfAborted(this.#signal);
      throw this.#errorOf(thrown);
    });
    if ('failure' in answer) {
      throw received(answer.failure);
    }
    return answer.result as Awaited<ReturnType<PartWork[Method]>>;
  }

  /** Ends the thread, even if it is busy. Idempotent. */
  async close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    await this.#threads.close();
  }

  #errorOf(thrown: unknown): VirtSimilarityError {
    const { kind, name } = 'part' in this.#data ? this.#data.part : { kind: 'plugin', name: this.#data.name };
    if (thrown instanceof TimeLimitError) {
      return overrunError(name, kind, thrown);
    }
    return pluginError(name, `the ${kind} ended its thread`, thrown);
  }
}
