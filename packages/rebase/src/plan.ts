/** The kind of bases that a plan uses: existing images, or new bases with the blocks that images share. */
export type BaseKind = 'existing' | 'synthetic';

/** A reference to a base of a plan: an image or a new base, by index. */
export type BaseReference =
  | { readonly kind: 'image'; readonly index: number }
  | { readonly kind: 'new'; readonly index: number };

/** A file of a plan. Sizes are bytes that the file system allocates. */
export interface PlannedFile {
  /** Its base; absent if it has none. */
  readonly base?: BaseReference | undefined;
  /** The size of the file: as it is now, or an estimate if the file has to be written. */
  readonly bytes: number;
  /** Whether the file has to be written; otherwise it stays as it is. */
  readonly isWritten: boolean;
}

/** An image of a plan, as it is now and as planned. */
export interface PlannedImage extends PlannedFile {
  /** The size of its file now. */
  readonly bytesNow: number;
  /**
   * If other images become overlays on this image: the size of the empty overlay in which its machine continues,
   * because nothing must write to the image's own file from then on. 0 if no other image becomes an overlay on it, or
   * if it is already a backing file.
   */
  readonly emptyOverlayBytes: number;
}

/** A base that is created. */
export interface NewBase extends PlannedFile {
  /** The size of the disk in bytes: that of the largest image that uses this base, directly or indirectly. */
  readonly virtualSize: number;
  /**
   * The blocks that are stored in this base, as runs in ascending order. Each run is copied from an image, from the
   * same block numbers. All other blocks are read from the base of this base, or are zeros if it has none.
   */
  readonly runs: readonly BaseRun[];
}

/** Consecutive blocks of a new base, copied from one image. */
export interface BaseRun {
  /** Number of the first block, in the base and in the image. */
  readonly start: number;
  readonly blocks: number;
  /** The index of the image that the blocks are copied from. */
  readonly image: number;
}

/** Which image becomes an overlay on which base, and what that saves. */
export interface Plan {
  readonly bases: BaseKind;
  /** The block size in bytes, which is also the cluster size of overlays and new bases. */
  readonly blockSize: number;
  /** One entry for each image, in the order in which the images were given. */
  readonly images: readonly PlannedImage[];
  readonly newBases: readonly NewBase[];
  /** The bytes of all files now. */
  readonly bytesNow: number;
  /** The bytes of all files once the plan is applied and the originals are deleted; an estimate. */
  readonly bytesPlanned: number;
  /** The bytes that applying the plan writes; an estimate. */
  readonly bytesToWrite: number;
  /**
   * A lower bound on the cost, in bytes, of any plan with existing bases within the limits; absent with new bases or
   * with a `minSaving` above 0. The cost of a plan is estimated, and includes the bytes that are written to change
   * existing overlays. `bytesPlanned` can therefore be less than this bound.
   */
  readonly lowerBound?: number | undefined;
}
