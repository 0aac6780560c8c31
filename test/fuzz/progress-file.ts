import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/** How far a child has come. */
export interface Progress {
  /** Number of the execution that is under way. */
  readonly execution: number;
  /** When it began, in milliseconds since 1970. */
  readonly since: number;
  readonly accepted: number;
  readonly rejected: number;
}

const NUMBERS = 4;

/**
 * Where a child tells how far it has come, so that this can be seen also of one that hangs or was killed: before every
 * execution it writes a few bytes, which costs a microsecond.
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

  /** Zeros before anything was written. */
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
