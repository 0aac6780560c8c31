import { throwIfAborted } from '../errors.js';

/** Milliseconds after which the calling thread yields to the event loop. */
const TURN = 20;

/** Lets long work in the main thread yield to the event loop, at most once every 20 ms. */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  #end = performance.now() + TURN;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /**
   * Yields to the event loop if 20 ms have passed since the last time, or since the construction.
   *
   * @throws `aborted` if the signal has fired; checked only after yielding.
   */
  async yieldIfDue(): Promise<void> {
    if (performance.now() < this.#end) {
      return;
    }
    await new Promise(setImmediate);
    throwIfAborted(this.#signal);
    this.#end = performance.now() + TURN;
  }
}
