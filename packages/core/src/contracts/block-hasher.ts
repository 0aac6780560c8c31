/**
 * A hash function of blocks. Knows nothing of disks; deterministic, without state between calls.
 *
 * A hasher runs in worker threads when its plugin says where it can be imported from (see `Plugin.url`),
 * otherwise in the main thread.
 */
export interface BlockHasher {
  /**
   * The version of the digests. Change it whenever the digest of any block changes. Hash vectors record it; those of
   * another version are neither found in the cache nor compared. Without one, the SHA-256 of the plugin's module (see
   * `Plugin.url`) and of the class is used instead, which does not cover what the module imports. A hasher with neither
   * is not cached. 1 to 100 characters.
   */
  readonly version?: string;
  /** Bytes of a digest, 1 to 64. */
  readonly digestLength: number;
  /**
   * Does what is asynchronous, such as loading WebAssembly: called once for each instance, in its thread, and awaited
   * before the first block.
   */
  prepare?(): Promise<void>;

  /**
   * Writes the digest of `block` to `digest`, which has exactly `digestLength` bytes.
   * Both buffers belong to the caller, may be shared memory, and must not be kept. The digest is complete when this
   * returns: a hasher that returns a promise is refused.
   */
  hash(block: Uint8Array, digest: Uint8Array): void;
}
