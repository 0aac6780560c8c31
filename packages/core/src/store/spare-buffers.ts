/** The size in bytes of the smallest buffer. */
const LEAST = 64 * 1024;

/** Buffers for reuse, because allocating new pages takes longer than reading a file into them. */
export class SpareBuffers {
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

  /** Calls `call` with `length` bytes of unspecified content. The bytes belong to `call` until its promise settles. */
  async lend<Result>(length: number, call: (bytes: Uint8Array<ArrayBuffer>) => Promise<Result>): Promise<Result> {
    const fitting = this.#spare.findIndex((spare) => spare.length >= length);
    // If no spare buffer fits, the new buffer replaces a spare buffer. So there are never more buffers than were lent
    // at the same time.
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
