import type { VirtSimilarityError } from '@virt-similarity/core';
import type { NbdRequest } from './nbd-request.js';

/** A pending read. Its bytes are received straight into its target buffer. */
export class ReadRequest implements NbdRequest {
  readonly purpose = 'read';
  readonly takesStatus = false;
  readonly position: number;
  readonly #target: Uint8Array;
  #received = 0;
  /**
   * For each requested byte, 1 if it was received. Created when the first chunk that holds only some of the bytes
   * arrives.
   */
  #marks: Uint8Array | undefined;
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
    if (start < 0 || start + length > this.#target.length || !this.#mark(start, start + length)) {
      return undefined;
    }
    this.#received += length;
    return this.#target.subarray(start, start + length);
  }

  /**
   * Marks bytes as received, and returns whether none of them were marked before. If a repeated byte were counted
   * again, a missing byte would not be noticed. A chunk that holds all bytes is not marked: any further byte makes the
   * count of received bytes too large, so that `isComplete` returns false.
   */
  #mark(start: number, end: number): boolean {
    if (this.#marks === undefined && end - start === this.#target.length && this.#received === 0) {
      return true;
    }
    this.#marks ??= new Uint8Array(this.#target.length);
    const isNew = !this.#marks.subarray(start, end).includes(1);
    this.#marks.fill(1, start, end);
    return isNew;
  }

  acceptStatus(): string {
    return 'a block status that was not requested';
  }

  isComplete(): boolean {
    return this.#received === this.#target.length;
  }
}
