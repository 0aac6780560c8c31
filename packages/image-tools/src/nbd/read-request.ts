import type { VirtSimilarityError } from '@virt-similarity/core';
import type { NbdRequest } from './nbd-request.js';

/** A pending read. Its bytes are received straight into its target buffer. */
export class ReadRequest implements NbdRequest {
  readonly purpose = 'read';
  readonly takesStatus = false;
  readonly position: number;
  readonly #target: Uint8Array;
  #received = 0;
  error: VirtSimilarityError | undefined;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;

  constructor(target: Uint8Array, position: number, resolve: () => void, reject: (reason: Error) => void) {
    this.position = position;
    this.#target = target;
    this.resolve = resolve;
    this.reject = reject;
  }

  get length(): number {
    return this.#target.length;
  }

  destination(offset: number, length: number): Uint8Array | undefined {
    const start = offset - this.position;
    if (start < 0 || start + length > this.#target.length) {
      return undefined;
    }
    this.#received += length;
    return this.#target.subarray(start, start + length);
  }

  acceptStatus(): string {
    return 'a block status that was not requested';
  }

  isComplete(): boolean {
    return this.#received === this.#target.length;
  }
}
