/**
 * A run of guest-visible bytes in one image of a chain, regardless of the image's backing image. Lengths and offsets
 * are in bytes.
 */
export type LayerRun =
  /** The backing image's content is visible. */
  | { readonly kind: 'unallocated'; readonly length: number }
  /** Reads as zeros. */
  | { readonly kind: 'zero'; readonly length: number }
  /**
   * The run begins within `cluster` and can continue in the compressed clusters after it. `cluster` is `undefined` if
   * the compression is not raw deflate.
   */
  | { readonly kind: 'compressed'; readonly length: number; readonly cluster: CompressedCluster | undefined }
  /** Stored verbatim in the image's file at `offset`. */
  | { readonly kind: 'stored'; readonly length: number; readonly offset: number };

/** A cluster that is compressed with raw deflate. Positions and lengths are in bytes. */
export interface CompressedCluster {
  /** The guest-visible position of its first byte. */
  readonly start: number;
  /** Its length when decompressed. */
  readonly clusterBytes: number;
  /** Where its stored bytes begin in the image's file. */
  readonly offset: number;
  /**
   * Length of the range of the file, from `offset` on, that contains the compressed cluster. The file can end within
   * the last sector of this range.
   */
  readonly storedBytes: number;
}

/** The map of one image of a chain. */
export interface LayerMap {
  /** Guest-visible size of the image in bytes. */
  readonly size: number;
  /**
   * The most runs that one byte of the image's file can describe on average, possibly a fraction. Limits the work that
   * a malicious image can cause.
   */
  readonly runsPerByte: number;
  /**
   * Returns the run that begins at `position` and ends at or before `end`, which is at most `size`. The run has at
   * least one byte, and the next run can be of the same kind. Returns a promise only if the file must be read. Calls
   * must not overlap.
   *
   * @throws `corrupt` if the tables violate the format; `unavailable` as described at `countClusters`; and the errors
   * of reading the file.
   */
  runAt(position: number, end: number): LayerRun | Promise<LayerRun>;
  /**
   * Makes `runAt` throw `unavailable` if so many compressed clusters begin in a part of the file that they must share
   * stored bytes. Call it once, before a single pass over ascending positions. A map without this method has no
   * compressed runs.
   */
  countClusters?(): void;
}
