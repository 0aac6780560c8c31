import type { ExpectedFile } from '../identity/chain.js';

/** Consecutive bytes of a task's content. Lengths and offsets are bytes. */
export type Segment =
  | { readonly kind: 'zero'; readonly length: number }
  /** In the task's file with this index. */
  | { readonly kind: 'file'; readonly file: number; readonly offset: number; readonly length: number }
  /** In shared memory. */
  | { readonly kind: 'memory'; readonly bytes: Uint8Array; readonly length: number };

/**
 * Content to be split into blocks and hashed: consecutive segments whose lengths add up to a whole number of blocks.
 * Can be posted to a worker thread: everything large in it is shared memory.
 */
export interface HashTask {
  readonly blockSize: number;
  /** The files of segments; the worker checks that each path still leads to the expected file. */
  readonly files: readonly ExpectedFile[];
  readonly segments: readonly Segment[];
  /** Receives the digests, block after block: blocks × digestLength bytes of shared memory. */
  readonly digests: Uint8Array;
  /** Receives 1 for every block that is not all zeros, 0 for the others: one byte of shared memory per block. */
  readonly present: Uint8Array;
}
