import { overrunError } from '../threads/overrun-error.js';
import { TimeLimitError } from '../threads/time-limit-error.js';
import { withTimeout } from '../threads/with-timeout.js';

/** The time that a part of an isolated plugin has for each answer in this thread. */
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
   * Asks in another turn of the event loop: parts that ask each other without end would let no time limit fire.
   *
   * @throws as `on`.
   */
  async onAsking<Result>(ask: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    return this.on(new Promise<void>(setImmediate).then(ask), signal);
  }

  /** @throws what the answer does, `unavailable` where it takes too long, and `aborted`. */
  async on<Result>(answer: Promise<Result>, signal?: AbortSignal): Promise<Result> {
    try {
      return await withTimeout(answer, { pluginTimeout: this.#pluginTimeout, signal });
    } catch (thrown) {
      throw thrown instanceof TimeLimitError ? overrunError(this.#name, this.#kind, thrown) : thrown;
    }
  }

  /** The items, for each of which there is as much time. */
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
      // One that does not answer would not end either.
      void Promise.resolve(iterator.return?.()).catch(() => {});
    }
  }
}
