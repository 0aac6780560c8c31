import type { VirtSimilarityError } from '@virt-similarity/core';

/** A request that waits for its reply. */
export interface NbdRequest {
  /** Position of its first byte in the export. */
  readonly position: number;
  /** Bytes requested. */
  readonly length: number;
  /** What messages call the request: `read` or `query`. */
  readonly purpose: string;
  /** The first error that the server reported for this request. */
  error: VirtSimilarityError | undefined;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
  /** Whether the request expects a block status that has not arrived yet. */
  readonly takesStatus: boolean;
  /**
   * Returns the buffer for `length` bytes at `offset` of the export, and counts these bytes as received; `undefined` if
   * some of them were not requested, or are known to have been received before.
   */
  destination(offset: number, length: number): Uint8Array | undefined;
  /** Accepts the payload of a block status. Returns what is wrong with the payload; `undefined` if it is correct. */
  acceptStatus(payload: Buffer): string | undefined;
  /** Returns whether the reply is complete: all bytes of a read, or the block status of a query, have arrived. */
  isComplete(): boolean;
}
