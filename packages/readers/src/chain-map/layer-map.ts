/** A run of guest-visible bytes as one image of a chain has them, whatever backs it. Bytes. */
export type LayerRun =
  /** What backs the image shows. */
  | { readonly kind: 'unallocated'; readonly length: number }
  /** Reads as zeros. */
  | { readonly kind: 'zero'; readonly length: number }
  /**
   * Begins within the given compressed cluster and may go on in further ones. The cluster is not told where the
   * compression is another than raw deflate.
   */
  | { readonly kind: 'compressed'; readonly length: number; readonly cluster: CompressedCluster | undefined }
  /** Stands verbatim in the image's file from `offset` on. */
  | { readonly kind: 'stored'; readonly length: number; readonly offset: number };

/** A cluster that is compressed by raw deflate. Bytes. */
export interface CompressedCluster {
  /** The guest-visible position of its first byte. */
  readonly start: number;
  /** Its length once it is decompressed. */
  readonly clusterBytes: number;
  /** Where it begins in the image's file. */
  readonly offset: number;
  /** Bytes of the file that it lies within, from `offset` on; the file may end in the last sector of them. */
  readonly storedBytes: number;
}

/** What one image of a chain holds where. */
export interface LayerMap {
  /** Bytes that the image shows. */
  readonly size: number;
  /** Runs that a byte of the file can describe at most. */
  readonly runsPerByte: number;
  /**
   * The run that begins at a position of the image and ends before `end`, at most `size`: at least one byte, not always
   * as many as there are alike. At once where nothing has to be read for it. One call at a time.
   */
  runAt(position: number, end: number): LayerRun | Promise<LayerRun>;
}
