import type { ExpectedFile } from '../identity/chain.js';

/** Consecutive bytes of a task's content. Lengths and offsets are bytes. */
export type Segment =
  | { readonly kind: 'zero'; readonly length: number }
  /** Bytes of the task's file with the index `file`. */
  | { readonly kind: 'file'; readonly file: number; readonly offset: number; readonly length: number }
  /** Bytes in shared memory. */
  | { readonly kind: 'memory'; readonly bytes: Uint8Array; readonly length: number };

/**
 * Content to be split into blocks and hashed: consecutive segments whose lengths add up to a multiple of the block
 * size. Can be posted to a worker thread: its content and its results are in files or shared memory.
 */
export interface HashTask {
  readonly blockSize: number;
  /**
   * The files that segments refer to. Before the first read from a file, `runHashTask` checks that the path still leads
   * to the expected file.
   */
  readonly files: readonly ExpectedFile[];
  readonly segments: readonly Segment[];
  /**
   * Receives the digests, block after block: blocks × digestLength bytes of shared memory. The bytes for zero blocks
   * stay unchanged.
   */
  readonly digests: Uint8Array;
  /**
   * Receives 1 for every block that is not all zeros; the other bytes stay unchanged and must be 0. One byte of shared
   * memory per block.
   */
  readonly present: Uint8Array;
}
