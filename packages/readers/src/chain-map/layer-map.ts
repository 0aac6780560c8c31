/** A run of guest-visible bytes as one image of a chain has them, whatever backs it. Bytes. */
export type LayerRun =
  /** `unallocated`: what backs the image shows. `zero`: reads as zeros. `compressed`: is data, but not verbatim. */
  | { readonly kind: 'unallocated' | 'zero' | 'compressed'; readonly length: number }
  /** Stands verbatim in the image's file from `offset` on. */
  | { readonly kind: 'stored'; readonly length: number; readonly offset: number };

/** What one image of a chain holds where. */
export interface LayerMap {
  /** Bytes that the image shows. */
  readonly size: number;
  /**
   * The run that begins at a position of the image and ends before `end`, at most `size`: at least one byte, not always
   * as many as there are alike. At once where nothing has to be read for it. One call at a time.
   */
  runAt(position: number, end: number): LayerRun | Promise<LayerRun>;
}
