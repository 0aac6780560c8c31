import type { VirtSimilarityError } from '@virt-similarity/core';

/** A request for bytes that is under way; they are received straight into their target. */
export class ReadRequest {
  /** Of the first byte of the export that was asked for. */
  readonly position: number;
  readonly #target: Uint8Array;
  #received = 0;
  /** The first error that the server reported for it. */
  error: VirtSimilarityError | undefined;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;

  constructor(target: Uint8Array, position: number, resolve: () => void, reject: (reason: Error) => void) {
    this.position = position;
    this.#target = target;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Bytes that were asked for. */
  get length(): number {
    return this.#target.length;
  }

  /** Where `length` bytes of data from `offset` of the export on go; nothing where they were not asked for. */
  destination(offset: number, length: number): Uint8Array | undefined {
    const start = offset - this.position;
    if (start < 0 || start + length > this.#target.length) {
      return undefined;
    }
    this.#received += length;
    return this.#target.subarray(start, start + length);
  }

  /** Whether as many bytes have come as were asked for. */
  isComplete(): boolean {
    return this.#received === this.#target.length;
  }
}
