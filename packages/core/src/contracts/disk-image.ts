/** The state of one file: it differs from that of every other file, and changes when the file does. */
export interface FileStamp {
  readonly kind: 'file';
  /** Absolute path, symbolic links resolved; bytes that are not UTF-8 as `pathText` has them. */
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
  /** Bytes; for a block device the device's size. */
  readonly size: bigint;
  /** Time of the last change of content, nanoseconds since 1970. */
  readonly mtimeNs: bigint;
  /** Time of the last change of content or metadata, nanoseconds since 1970. */
  readonly ctimeNs: bigint;
}

/** The state of something that content comes from. Equal stamps mean equal content. */
export type Stamp = FileStamp;

/** One image of a chain: what is seen where the links above it hold nothing. */
export interface Link {
  /** How its parts are read, as qemu names it where qemu knows it: `raw`, `qcow2`, …; without `<`. */
  readonly format: string;
  /** What its own content comes from: the file with its header, then those that the header spreads data over. */
  readonly parts: readonly Stamp[];
  /**
   * Set where content can change without a trace in the parts' sizes and times, as a block device's does, or somebody
   * is writing to it: then equal stamps promise nothing between runs, and no hash vector that depends on them is kept.
   */
  readonly volatile?: true;
  /**
   * Set where the reader can open the link, with all that is beneath it, by itself: as the path of its first part in its
   * format. Its hash vector then serves every image above it.
   */
  readonly standalone?: true;
}

/**
 * What an image's content depends on: its chain, top first, with at least one link. Equal identities mean equal content.
 * What is left of a chain without its first links is the identity of the image beneath them. Two readers that see the
 * same content in the same files give the same formats and parts.
 */
export interface ImageIdentity {
  readonly chain: readonly Link[];
}

/** A run of guest-visible bytes that reads as zeros. */
export interface ZeroExtent {
  readonly kind: 'zero';
  /** First byte in the guest-visible disk. */
  readonly start: number;
  /** Bytes, at least 1. */
  readonly length: number;
  /** Set where the bytes are those of the image beneath (see `baseOf`) at the same position. */
  readonly inherited?: true;
}

/** A run of guest-visible bytes that must be read. */
export interface DataExtent {
  readonly kind: 'data';
  /** First byte in the guest-visible disk. */
  readonly start: number;
  /** Bytes, at least 1. */
  readonly length: number;
  /** Set where the bytes are those of the image beneath (see `baseOf`) at the same position. */
  readonly inherited?: true;
  /**
   * Where the bytes stand verbatim in a host file, if they do: whoever holds the image may then read them there,
   * in parallel, without the reader.
   */
  readonly stored?: {
    /** Which file of the identity's chain: those of the top link count first, see `partsOf`. */
    readonly file: number;
    /** Offset of the first byte in that file. */
    readonly offset: number;
  };
}

export type Extent = ZeroExtent | DataExtent;

/** An open virtual disk, seen as the guest sees it. Sizes and positions are bytes below 2⁵³. */
export interface DiskImage {
  /** Bytes that the guest sees; any number from 0, also one that is no multiple of a sector or block. */
  readonly virtualSize: number;

  readonly identity: ImageIdentity;

  /** Ascending, gapless, covering the whole disk exactly; none for a disk of 0 bytes. May be called once at a time. */
  extents(): AsyncIterable<Extent>;

  /**
   * Fills the whole of `target` with the guest-visible bytes from `position` on.
   * `target` belongs to the caller and must not be kept. Several reads may be under way at once.
   * Never returns fewer bytes than asked: a range past the end, a short read and an input/output error throw.
   */
  read(target: Uint8Array, position: number): Promise<void>;

  /** Releases everything; pending reads fail. Idempotent. */
  close(): Promise<void>;
}
