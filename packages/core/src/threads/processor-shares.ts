import { availableParallelism } from 'node:os';
import { throwIfAborted } from '../errors.js';

interface Waiting {
  readonly threads: number;
  readonly begin: () => void;
}

/**
 * Shares the processors among works that each bring threads of their own: as many run at a time as there are processors for
 * their threads, in the order in which they asked. A work with more threads than processors runs alone.
 */
export class ProcessorShares {
  readonly #processors: number;
  readonly #waiting: Waiting[] = [];
  #busy = 0;

  constructor(processors: number = availableParallelism()) {
    this.#processors = processors;
  }

  /**
   * Does the work when its turn has come.
   *
   * @param threads that the work is going to start
   * @throws what the work throws, and `aborted` where the signal fires before its turn.
   */
  async run<Result>(threads: number, work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    await this.#turn(threads, signal);
    try {
      return await work();
    } finally {
      this.#busy -= threads;
      this.#beginNext();
    }
  }

  /** Resolves when the work may begin, which then counts as busy. */
  async #turn(threads: number, signal: AbortSignal | undefined): Promise<void> {
    throwIfAborted(signal);
    let leave = (): void => {};
    const turn = new Promise<boolean>((resolve) => {
      const waiting = { threads, begin: () => resolve(true) };
      leave = () => {
        const place = this.#waiting.indexOf(waiting);
        if (place >= 0) {
          this.#waiting.splice(place, 1);
          resolve(false);
        }
      };
      this.#waiting.push(waiting);
      this.#beginNext();
    });
    signal?.addEventListener('abort', leave);
    const hasBegun = await turn;
    signal?.removeEventListener('abort', leave);
    if (!hasBegun) {
      this.#beginNext();
      throwIfAborted(signal);
    }
  }

  #beginNext(): void {
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      if (this.#busy > 0 && this.#busy + next.threads > this.#processors) {
        return;
      }
      this.#waiting.shift();
      this.#busy += next.threads;
      next.begin();
    }
  }
}
