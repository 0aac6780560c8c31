/** The kinds of bases that a plan uses: existing images only, or new bases with the blocks that images share. */
export type BaseKind = 'existing' | 'synthetic';

/** A reference to a base of a plan: an image or a new base, by index. */
export type BaseReference =
  | { readonly kind: 'image'; readonly index: number }
  | { readonly kind: 'new'; readonly index: number };

/** A file of a plan. Sizes are bytes that the file system allocates. */
export interface PlannedFile {
  /** Its base; absent if it has none. */
  readonly base?: BaseReference | undefined;
  /** The size of the file, as it is or as it will be written. */
  readonly bytes: number;
  /** Whether the file has to be written; otherwise it stays as it is. */
  readonly isWritten: boolean;
}

/** An image of a plan, as it is now and as planned. */
export interface PlannedImage extends PlannedFile {
  /** The size of its file now. */
  readonly bytesNow: number;
  /**
   * The size of the empty overlay in which its machine continues, if other images become overlays on it. Its file is
   * then no longer written to. 0 otherwise.
   */
  readonly emptyOverlayBytes: number;
}

/** A base that is created. */
export interface NewBase extends PlannedFile {
  /** Bytes; the size of the largest disk on it. */
  readonly virtualSize: number;
  /**
   * The runs of blocks that it stores, ascending, each copied from an image at the same position. Its other blocks are
   * those of its base.
   */
  readonly runs: readonly BaseRun[];
}

/** Consecutive blocks of a new base. */
export interface BaseRun {
  /** Number of the first block. */
  readonly start: number;
  readonly blocks: number;
  /** The image, by index, that has these blocks. */
  readonly image: number;
}

/** Which image becomes an overlay on which base, and what that saves. */
export interface Plan {
  readonly bases: BaseKind;
  /** The block size in bytes, which is also the cluster size of overlays and new bases. */
  readonly blockSize: number;
  /** In the order of the images. */
  readonly images: readonly PlannedImage[];
  readonly newBases: readonly NewBase[];
  /** The bytes of all files now. */
  readonly bytesNow: number;
  /** The bytes of all files once the plan is applied and the originals are deleted. */
  readonly bytesPlanned: number;
  /** The bytes that applying the plan writes. */
  readonly bytesToWrite: number;
  /**
   * A lower bound on the bytes of any plan with bases of this kind and within the limits; absent if none is known. It
   * is estimated like the costs of the choice, so `bytesPlanned` can be slightly less.
   */
  readonly lowerBound?: number | undefined;
}
