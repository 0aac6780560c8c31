import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/** A child's progress. */
export interface Progress {
  /** The number of the current execution. */
  readonly execution: number;
  /** When the execution started, in milliseconds since 1970. */
  readonly since: number;
  readonly accepted: number;
  readonly rejected: number;
}

const NUMBERS = 4;

/**
 * The file in which a child records its progress, so that the progress is known even if the child hangs or is killed.
 * Before every execution, the child writes a few bytes, which takes a microsecond.
 */
export class ProgressFile {
  readonly #descriptor: number;
  readonly #numbers = new Float64Array(NUMBERS);

  constructor(path: string) {
    this.#descriptor = openSync(path, 'a+');
    closeSync(this.#descriptor);
    this.#descriptor = openSync(path, 'r+');
  }

  write({ execution, since, accepted, rejected }: Progress): void {
    this.#numbers.set([execution, since, accepted, rejected]);
    writeSync(this.#descriptor, this.#numbers, 0, this.#numbers.byteLength, 0);
  }

  /** Returns zeros if nothing was written yet. */
  read(): Progress {
    this.#numbers.fill(0);
    readSync(this.#descriptor, this.#numbers, 0, this.#numbers.byteLength, 0);
    const [execution, since, accepted, rejected] = this.#numbers as unknown as [number, number, number, number];
    return { execution, since, accepted, rejected };
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
