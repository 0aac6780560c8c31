import type { VirtSimilarityError } from '@virt-similarity/core';

/** A pending read. Its bytes are received straight into its target buffer. */
export class ReadRequest {
  /** Position of its first byte in the export. */
  readonly position: number;
  readonly #target: Uint8Array;
  #received = 0;
  /** The first error that the server reported for this read. */
  error: VirtSimilarityError | undefined;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;

  constructor(target: Uint8Array, position: number, resolve: () => void, reject: (reason: Error) => void) {
    this.position = position;
    this.#target = target;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Bytes requested. */
  get length(): number {
    return this.#target.length;
  }

  /** Returns the part of the target for `length` bytes at `offset` of the export; `undefined` if not requested. */
  destination(offset: number, length: number): Uint8Array | undefined {
    const start = offset - this.position;
    if (start < 0 || start + length > this.#target.length) {
      return undefined;
    }
    this.#received += length;
    return this.#target.subarray(start, start + length);
  }

  /** Whether all requested bytes have arrived. */
  isComplete(): boolean {
    return this.#received === this.#target.length;
  }
}
