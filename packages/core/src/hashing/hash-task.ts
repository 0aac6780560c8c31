import type { ExpectedFile } from '../identity/chain.js';

/** Consecutive bytes of a task's content. Lengths and offsets are bytes. */
export type Segment =
  | { readonly kind: 'zero'; readonly length: number }
  /** Stands in the task's file with this index. */
  | { readonly kind: 'file'; readonly file: number; readonly offset: number; readonly length: number }
  /** Stands in shared memory. */
  | { readonly kind: 'memory'; readonly bytes: Uint8Array; readonly length: number };

/**
 * Content to be cut into blocks and hashed: the segments, one after the other, whose lengths add up to a whole
 * number of blocks. Fit to be posted to a worker thread: everything large in it is shared memory.
 */
export interface HashTask {
  readonly blockSize: number;
  /** What segments are read from; the worker makes sure that each path still leads to the expected file. */
  readonly files: readonly ExpectedFile[];
  readonly segments: readonly Segment[];
  /** Receives the digests, block after block: blocks × digestLength bytes of shared memory. */
  readonly digests: Uint8Array;
  /** Receives 1 for every block that is not all zeros, 0 for the others: one byte of shared memory per block. */
  readonly present: Uint8Array;
}
