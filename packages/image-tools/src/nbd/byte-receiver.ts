const NOTHING = new Uint8Array(0);

/**
 * Cuts a byte stream into pieces of known lengths. Bytes that arrive after they were requested are copied once,
 * directly into their destination.
 */
export class ByteReceiver {
  #destination: Uint8Array = NOTHING;
  #filled = 0;
  #whenFilled: (() => void) | undefined;
  #surplus: Uint8Array = NOTHING;
  #failure: Error | undefined;
  #reject: ((reason: Error) => void) | undefined;

  /** Whether every byte that has arrived was requested. */
  get isIdle(): boolean {
    return this.#surplus.length === 0;
  }

  /** Accepts the next bytes of the stream. The caller can overwrite `chunk` afterwards. */
  push(chunk: Uint8Array): void {
    let position = 0;
    while (position < chunk.length && this.#failure === undefined) {
      if (this.#whenFilled === undefined) {
        this.#surplus = Buffer.concat([this.#surplus, chunk.subarray(position)]);
        return;
      }
      const length = Math.min(this.#destination.length - this.#filled, chunk.length - position);
      this.#destination.set(chunk.subarray(position, position + length), this.#filled);
      this.#filled += length;
      position += length;
      this.#callIfFilled();
    }
  }

  /**
   * Fills `destination` with the next bytes, then calls `whenFilled`, which can call `expect` for the bytes after them.
   * Only one call can be pending.
   */
  expect(destination: Uint8Array, whenFilled: () => void): void {
    this.#destination = destination;
    this.#filled = 0;
    this.#whenFilled = whenFilled;
    const surplus = this.#surplus;
    this.#surplus = NOTHING;
    this.#callIfFilled();
    this.push(surplus);
  }

  /** Returns the next `length` bytes. Rejects if the stream fails first. */
  receive(length: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      const piece = Buffer.allocUnsafe(length);
      this.#reject = reject;
      this.expect(piece, () => resolve(piece));
    });
  }

  /**
   * Ends the stream. Later bytes are discarded, a pending `expect` is never filled, and pending and later calls of
   * `receive` reject with `reason`.
   */
  fail(reason: Error): void {
    this.#failure ??= reason;
    this.#destination = NOTHING;
    this.#whenFilled = undefined;
    this.#reject?.(reason);
  }

  #callIfFilled(): void {
    if (this.#filled === this.#destination.length) {
      const whenFilled = this.#whenFilled;
      this.#whenFilled = undefined;
      whenFilled?.();
    }
  }
}
