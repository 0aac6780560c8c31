import type { DiskSource } from './disk-reader.js';

/** One file that content comes from, told apart from every other file and from its own past and future. */
export interface Layer {
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

/** What an image's content depends on. Equal identities mean equal content. */
export interface ImageIdentity {
  /** Every file that content comes from, the top layer first. */
  readonly layers: readonly Layer[];
  /**
   * How the layers are looked at: their formats, top layer first, such as `qcow2<raw`.
   * Two readers that see the same content in the same layers give the same view.
   */
  readonly view: string;
  /**
   * Set where content can change without a trace in the layers' sizes and times, as a block device's does, or somebody
   * is writing to it: then equal identities promise nothing between runs, and the hash vector is not kept.
   */
  readonly volatile?: true;
  /**
   * The image that shows wherever this one holds nothing, where the reader can open it by itself: its hash vector then
   * serves every image that is laid over it. Its layers are the last ones of `layers`.
   */
  readonly backing?: { readonly source: DiskSource; readonly identity: ImageIdentity };
}

/** A run of guest-visible bytes that reads as zeros. */
export interface ZeroExtent {
  readonly kind: 'zero';
  /** First byte in the guest-visible disk. */
  readonly start: number;
  /** Bytes, at least 1. */
  readonly length: number;
  /** Set where the bytes are those of the backing image (see `ImageIdentity.backing`) at the same position. */
  readonly inherited?: true;
}

/** A run of guest-visible bytes that must be read. */
export interface DataExtent {
  readonly kind: 'data';
  /** First byte in the guest-visible disk. */
  readonly start: number;
  /** Bytes, at least 1. */
  readonly length: number;
  /** Set where the bytes are those of the backing image (see `ImageIdentity.backing`) at the same position. */
  readonly inherited?: true;
  /**
   * Where the bytes stand verbatim in a host file, if they do: whoever holds the image may then read them there,
   * in parallel, without the reader.
   */
  readonly stored?: {
    /** Index into the identity's layers. */
    readonly layer: number;
    /** Offset of the first byte in that layer's file. */
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
