import type { Logger } from '../contracts/plugin.js';
import { pluginError, throwIfAborted, VirtSimilarityError } from '../errors.js';
import type { PartAnswer, PartTask } from '../part-threads/part-task.js';
import { overrunError } from '../threads/overrun-error.js';
import { received } from '../threads/thread-failure.js';
import { TimeLimitError } from '../threads/time-limit-error.js';
import { WorkerThreads } from '../threads/worker-threads.js';
import { PART_WORKER, type PartThreadData, type PartWork } from './part-work.js';

/** What bounds a plugin's work. */
export interface IsolationLimits {
  /** Seconds that a part of a plugin has for each answer; 0 for no limit. */
  readonly pluginTimeout: number;
  readonly signal?: AbortSignal | undefined;
  /** Takes the notes of parts in threads. */
  readonly logger?: Logger | undefined;
}

/**
 * One part of a plugin in a thread of its own, so that it can neither keep the others from going on nor outlast its time
 * limit: it can be ended in the middle of an endless loop.
 */
export class PartThread {
  readonly #data: PartThreadData;
  readonly #signal: AbortSignal | undefined;
  readonly #threads: WorkerThreads<PartTask<PartWork>, PartAnswer>;
  readonly #onAbort = () => void this.close();

  /** The caller closes it. */
  constructor(data: PartThreadData, { pluginTimeout, signal, logger }: IsolationLimits) {
    this.#data = data;
    this.#signal = signal;
    this.#threads = new WorkerThreads(PART_WORKER, 1, { data, timeLimit: pluginTimeout * 1000, logger });
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /**
   * What the method returns in the thread.
   *
   * @throws what the part throws, as `plugin` unless it is one of this project's errors; `plugin` where the part ends
   *   its thread, `unavailable` where it takes too long, and `aborted`.
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

  /** Ends the thread, whatever it is doing. Idempotent. */
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
