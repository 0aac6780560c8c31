import { unlessAborted } from '@virt-similarity/core';

/** Lets callers take turns, in the order of their calls. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /**
   * Resolves when all earlier turns have ended, with a function that ends this turn. Calling that function again does
   * nothing.
   *
   * @throws `aborted`.
   */
  async take(signal: AbortSignal | undefined): Promise<() => void> {
    const before = this.#last;
    let end = () => {};
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    try {
      await unlessAborted(before, signal);
      return end;
    } catch (thrown) {
      // Callers that wait for this turn still wait for the earlier turns.
      before.then(end);
      throw thrown;
    }
  }
}
