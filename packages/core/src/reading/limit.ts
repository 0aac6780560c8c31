import { overrunError } from '../threads/overrun-error.js';
import { TimeLimitError } from '../threads/time-limit-error.js';
import { withTimeout } from '../threads/with-timeout.js';

/** The time limit for each answer of an isolated plugin's part in this thread. */
export class Limit {
  readonly #kind: string;
  readonly #name: string;
  readonly #pluginTimeout: number;

  /** @param pluginTimeout seconds; 0 for no limit */
  constructor(kind: string, name: string, pluginTimeout: number) {
    this.#kind = kind;
    this.#name = name;
    this.#pluginTimeout = pluginTimeout;
  }

  /**
   * Limits a call, and starts it in a later turn of the event loop. Otherwise, parts that call each other endlessly
   * would keep timers from firing.
   *
   * @throws as `on`.
   */
  async onCall<Result>(call: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    return this.on(new Promise<void>(setImmediate).then(call), signal);
  }

  /**
   * Limits an answer that is already in progress. The part itself is not stopped.
   *
   * @throws what the answer throws, `unavailable` if it exceeds the time limit, and `aborted`.
   */
  async on<Result>(answer: Promise<Result>, signal?: AbortSignal): Promise<Result> {
    try {
      return await withTimeout(answer, { pluginTimeout: this.#pluginTimeout, signal });
    } catch (thrown) {
      throw thrown instanceof TimeLimitError ? overrunError(this.#name, this.#kind, thrown) : thrown;
    }
  }

  /**
   * Yields the items, with the time limit for each item.
   *
   * @throws as `on`.
   */
  async *onEach<Item>(items: AsyncIterable<Item>, signal?: AbortSignal): AsyncGenerator<Item, void, undefined> {
    const iterator = items[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.on(iterator.next(), signal);
        if (done) {
          return;
        }
        yield value;
      }
    } finally {
      // Not awaited, since an iterator that does not answer may not end either.
      void Promise.resolve(iterator.return?.()).catch(() => {});
    }
  }
}
