import type { VirtSimilarityError } from '@virt-similarity/core';

/** A request that waits for its reply. */
export interface NbdRequest {
  /** Position of its first byte in the export. */
  readonly position: number;
  /** Bytes requested. */
  readonly length: number;
  /** The name of its kind in messages: `read` or `query`. */
  readonly purpose: string;
  /** The first error that the server reported for this request. */
  error: VirtSimilarityError | undefined;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
  /** Whether it expects a block status that has not arrived yet. */
  readonly takesStatus: boolean;
  /**
   * Returns the buffer for `length` bytes at `offset` of the export; `undefined` if some of them were not requested, or
   * have already arrived.
   */
  destination(offset: number, length: number): Uint8Array | undefined;
  /** Accepts the payload of a block status. Returns what is wrong with it, if anything. */
  acceptStatus(payload: Buffer): string | undefined;
  /** Whether everything that was requested has arrived. */
  isComplete(): boolean;
}
