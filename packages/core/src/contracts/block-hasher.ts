/**
 * A hash function for blocks. Deterministic, and without state between calls.
 *
 * A hasher runs in worker threads if its plugin, and the plugins of all parts that can be injected into it, have a
 * `url` (see `Plugin.url`). Otherwise it runs in the main thread.
 */
export interface BlockHasher {
  /**
   * The version of the digests, 1 to 100 characters. Change it whenever the digest of any block changes. Hash vectors
   * record the version, or a digest of the version and the plugin's options if any option differs from its default. A
   * run finds only vectors of its own version in the cache, and vectors of different versions are not compared.
   *
   * When absent, a digest of the plugin's module (see `Plugin.url`) and of the hasher's class takes its place. That
   * digest does not cover the modules that the plugin's module imports. If the module cannot be read, for example
   * because the plugin has no `url`, vectors record no version and are not cached.
   */
  readonly version?: string | undefined;
  /** Size of a digest in bytes, 1 to 64. */
  readonly digestLength: number;
  /**
   * Does asynchronous preparation, such as loading WebAssembly. Called once for each instance that hashes, in its
   * thread, and awaited before the first block. Can be called again after a failure.
   */
  prepare?(): Promise<void>;

  /**
   * Writes the digest of `block` to `digest`, which has exactly `digestLength` bytes. Both buffers belong to the
   * caller, can be shared memory, and must not be kept. The digest must be complete when this method returns: a hasher
   * that returns a promise is refused.
   */
  hash(block: Uint8Array, digest: Uint8Array): void;
}
