import type { InjectionToken } from 'tsyringe';

/**
 * A hash function of blocks. Knows nothing of disks; deterministic, without state between calls.
 *
 * A hasher runs in worker threads when its plugin says where it can be imported from (see `Plugin.url`),
 * otherwise in the main thread.
 */
export interface BlockHasher {
  /**
   * What `--hash` takes, and what hash-vector files record; unique among hashers. It stands for these very digests: a
   * version that gives other ones needs another name, or vectors that are kept would be compared with new ones.
   */
  readonly name: string;
  /** Bytes of a digest, 1 to 64. */
  readonly digestLength: number;
  /**
   * Writes the digest of `block` to `digest`, which has exactly `digestLength` bytes.
   * Both buffers belong to the caller, may be shared memory, and must not be kept.
   */
  hash(block: Uint8Array, digest: Uint8Array): void;
}

export const BLOCK_HASHER: InjectionToken<BlockHasher> = Symbol.for('virt-similarity.BlockHasher');
