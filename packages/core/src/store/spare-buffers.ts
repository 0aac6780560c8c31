/** Bytes of the smallest buffer. */
const LEAST = 64 * 1024;

/** Memory that is used again: the system takes longer to give fresh pages than to read a file into them. */
export class SpareBuffers {
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

  /** Calls with `length` bytes, of any content, which are the call's until it is done. */
  async lend<Result>(length: number, call: (bytes: Uint8Array<ArrayBuffer>) => Promise<Result>): Promise<Result> {
    const fitting = this.#spare.findIndex((spare) => spare.length >= length);
    // Where none fits, another one is given up for the new one: there are as many as are lent at a time.
    const [found] = this.#spare.splice(Math.max(0, fitting), 1);
    const buffer = fitting < 0 ? new Uint8Array(capacityFor(length)) : found!;
    try {
      return await call(buffer.subarray(0, length));
    } finally {
      this.#spare.push(buffer);
    }
  }
}

function capacityFor(length: number): number {
  return Math.max(LEAST, 2 ** Math.ceil(Math.log2(length)));
}
