import { availableParallelism } from 'node:os';
import { throwIfAborted } from '../errors.js';

interface Waiting {
  readonly threads: number;
  readonly begin: () => void;
}

/**
 * Limits how many jobs run at a time, so that their threads together do not exceed the number of processors. A job with
 * more threads than processors runs alone. Jobs start in the order of the calls.
 */
export class ProcessorShares {
  readonly #processors: number;
  readonly #waiting: Waiting[] = [];
  #busy = 0;

  constructor(processors: number = availableParallelism()) {
    this.#processors = processors;
  }

  /**
   * Runs a job as soon as enough processors are free.
   *
   * @param threads the number of threads that the job starts
   * @throws what the job throws, and `aborted` if the signal fires before the job starts.
   */
  async run<Result>(threads: number, job: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    await this.#turn(threads, signal);
    try {
      // The signal may have fired after the turn was granted.
      throwIfAborted(signal);
      return await job();
    } finally {
      this.#busy -= threads;
      this.#beginNext();
    }
  }

  /** Resolves when the job may start; its threads count as busy from then on. */
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
