/** A run of guest-visible bytes in one image of a chain, regardless of its backing image. Bytes. */
export type LayerRun =
  /** The backing image's content is visible. */
  | { readonly kind: 'unallocated'; readonly length: number }
  /** Reads as zeros. */
  | { readonly kind: 'zero'; readonly length: number }
  /**
   * Begins within the given compressed cluster and may extend into further ones. The cluster is `undefined` if its
   * compression is not raw deflate.
   */
  | { readonly kind: 'compressed'; readonly length: number; readonly cluster: CompressedCluster | undefined }
  /** Stored verbatim in the image's file at `offset`. */
  | { readonly kind: 'stored'; readonly length: number; readonly offset: number };

/** A cluster that is compressed with raw deflate. Bytes. */
export interface CompressedCluster {
  /** The guest-visible position of its first byte. */
  readonly start: number;
  /** Its length when decompressed. */
  readonly clusterBytes: number;
  /** Where its stored bytes begin in the image's file. */
  readonly offset: number;
  /** Length of the file's range that holds it, from `offset` on. The file may end within the range's last sector. */
  readonly storedBytes: number;
}

/** The map of one image of a chain. */
export interface LayerMap {
  /** Guest-visible size of the image in bytes. */
  readonly size: number;
  /**
   * An upper bound on runs per byte of the image file, possibly fractional; limits the work that a malicious image can
   * cause.
   */
  readonly runsPerByte: number;
  /**
   * Returns the run that begins at `position` and ends at or before `end`, which is at most `size`. It has at least one
   * byte; the next run may be of the same kind. Returns a promise only if the file must be read. Calls must not
   * overlap.
   */
  runAt(position: number, end: number): LayerRun | Promise<LayerRun>;
  /**
   * Makes `runAt` throw `unavailable` if stored bytes are decompressed repeatedly. Call it before a single pass over
   * ascending positions. A map without this method has no compressed runs.
   */
  countClusters?(): void;
}
