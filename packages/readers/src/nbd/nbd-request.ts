import type { VirtSimilarityError } from '@virt-similarity/core';

/** A request under way: where its reply goes. Positions and lengths are bytes of the export. */
export interface NbdRequest {
  readonly position: number;
  readonly length: number;
  /** Where `length` bytes of data from `offset` on go; nothing where the request did not ask for them. */
  destination(offset: number, length: number): Uint8Array | undefined;
  /** Takes descriptors of consecutive runs from `position` on; `false` where the request did not ask for them. */
  describe(runs: readonly BlockStatus[]): boolean;
  /** Whether everything that was asked for has come. */
  isComplete(): boolean;
  /** The first error that the server reported for it. */
  error: VirtSimilarityError | undefined;
  resolve(): void;
  reject(reason: Error): void;
}

/** A run of bytes of which the server knows how they are stored. */
export interface BlockStatus {
  /** Bytes, at least 1. */
  readonly length: number;
  /** Whether nothing is allocated for it. */
  readonly hole: boolean;
  /** Whether it reads as zeros. */
  readonly zero: boolean;
}

/** Bytes, received straight into their target. */
export class ReadRequest implements NbdRequest {
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

  describe(): boolean {
    return false;
  }

  isComplete(): boolean {
    return this.#received === this.#target.length;
  }
}

/** The status of a range. The server may describe less of it than was asked for. */
export class BlockStatusRequest implements NbdRequest {
  readonly position: number;
  readonly length: number;
  #runs: readonly BlockStatus[] = [];
  error: VirtSimilarityError | undefined;
  readonly #resolve: (runs: readonly BlockStatus[]) => void;
  readonly reject: (reason: Error) => void;

  constructor(
    position: number,
    length: number,
    resolve: (runs: readonly BlockStatus[]) => void,
    reject: (reason: Error) => void,
  ) {
    this.position = position;
    this.length = length;
    this.#resolve = resolve;
    this.reject = reject;
  }

  destination(): undefined {
    return undefined;
  }

  describe(runs: readonly BlockStatus[]): boolean {
    this.#runs = runs;
    return true;
  }

  isComplete(): boolean {
    return this.#runs.length > 0 && this.#runs.every(({ length }) => length > 0);
  }

  resolve(): void {
    this.#resolve(this.#runs);
  }
}
