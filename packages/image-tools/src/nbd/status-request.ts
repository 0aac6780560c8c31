import type { VirtSimilarityError } from '@virt-similarity/core';
import type { NbdRequest } from './nbd-request.js';
import * as protocol from './protocol.js';

/** Size in bytes of the descriptor of a range in a block status: its length and its flags. */
const RANGE_LENGTH = 8;
/** The longest block status accepted, in bytes. nbdkit sends at most a million ranges, qemu-nbd fewer. */
export const MAXIMUM_STATUS_LENGTH = 4 + 2 ** 20 * RANGE_LENGTH;

/** A run of bytes of the export. */
export interface StatusRange {
  readonly start: number;
  /** Bytes, at least 1. */
  readonly length: number;
  /** Whether the bytes are known to read as zeros. */
  readonly isZero: boolean;
}

/** A pending query for the ranges that read as zeros. */
export class StatusRequest implements NbdRequest {
  readonly purpose = 'query';
  readonly position: number;
  readonly length: number;
  readonly #context: number;
  readonly #alignment: number;
  #payload: Buffer | undefined;
  error: VirtSimilarityError | undefined;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;

  /**
   * @param context the server's id of the metadata context `base:allocation`
   * @param alignment bytes; the export's minimum block size
   */
  constructor(
    { context, alignment }: { readonly context: number; readonly alignment: number },
    { start, length }: Pick<StatusRange, 'start' | 'length'>,
    resolve: () => void,
    reject: (reason: Error) => void,
  ) {
    this.position = start;
    this.length = length;
    this.#context = context;
    this.#alignment = alignment;
    this.resolve = resolve;
    this.reject = reject;
  }

  get takesStatus(): boolean {
    return this.#payload === undefined;
  }

  destination(): undefined {
    return undefined;
  }

  acceptStatus(payload: Buffer): string | undefined {
    if (payload.length < 4 + RANGE_LENGTH || (payload.length - 4) % RANGE_LENGTH !== 0) {
      return `a block status of ${payload.length} bytes`;
    }
    if (payload.readUInt32BE(0) !== this.#context) {
      return 'a block status of another metadata context';
    }
    this.#payload = payload;
    for (const { start, length } of this.ranges()) {
      const endsRequest = start + length === this.position + this.length;
      if (length === 0 || (length % this.#alignment !== 0 && !endsRequest)) {
        return `a block status with a range of ${length} bytes`;
      }
    }
    return undefined;
  }

  isComplete(): boolean {
    return this.#payload !== undefined;
  }

  /**
   * Yields the ranges of the reply, from the requested position on. Together they can cover less than was requested. A
   * range that extends beyond the request is cut off.
   */
  *ranges(): Generator<StatusRange, void> {
    const payload = this.#payload ?? Buffer.alloc(0);
    const end = this.position + this.length;
    let start = this.position;
    for (let at = 4; at < payload.length && start < end; at += RANGE_LENGTH) {
      const length = Math.min(payload.readUInt32BE(at), end - start);
      yield { start, length, isZero: (payload.readUInt32BE(at + 4) & protocol.STATE_ZERO) !== 0 };
      start += length;
    }
  }
}
