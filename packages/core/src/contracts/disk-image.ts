/**
 * A file in a certain state. Stamps of different files differ. The stamp of a file changes when the file changes,
 * except on a block device (see `Link.volatile`) or shortly after an earlier change (see `isSettled`).
 */
export interface FileStamp {
  readonly kind: 'file';
  /** Absolute path, symbolic links resolved; bytes that are not UTF-8 are encoded as by `pathText`. */
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
  /** Size of the file or block device in bytes. */
  readonly size: bigint;
  /** Time of the last change of content, nanoseconds since 1970. */
  readonly mtimeNs: bigint;
  /** Time of the last change of content or metadata, nanoseconds since 1970. */
  readonly ctimeNs: bigint;
}

/**
 * A source of content that is not a file, in a certain state, such as an object of a web server. Also distinguishes
 * images that have the same files, such as the images in one archive.
 */
export interface ObjectStamp {
  readonly kind: 'object';
  /** A name that distinguishes the object from every other object with the same files, such as a URL. */
  readonly path: string;
  /** A text that changes when the content changes, such as an entity tag or a digest. */
  readonly version: string;
}

/** A source of content in a certain state. Equal stamps mean equal content, unless their link is `volatile`. */
export type Stamp = FileStamp | ObjectStamp;

/** One image of a chain. Its content is visible where the links above it have no data. */
export interface Link {
  /**
   * The format of its parts, by qemu's name if qemu supports the format: `raw`, `qcow2`, …; without the character `<`.
   */
  readonly format: string;
  /**
   * The files and objects that determine its own content: first the file with the header, then the data files that the
   * header names, then objects. Must not be empty unless the link is `volatile`.
   */
  readonly parts: readonly Stamp[];
  /**
   * Set if content can change without a change of the parts' stamps, as on a block device, or if another process is
   * writing to it. Equal stamps then do not prove equal content, and hash vectors of images with this link are not
   * stored.
   */
  readonly volatile?: true | undefined;
  /**
   * Set if the reader can open this link and the links below it as a separate image, by the path of this link's first
   * part and its format. The hash vector of that image can then be used for every image above it.
   */
  readonly standalone?: true | undefined;
  /**
   * Set if the disk or a partition of it is encrypted: `decrypted` if at least one volume is read decrypted, otherwise
   * `ciphertext`. Hash vectors of decrypted content are stored only if the user allows it.
   */
  readonly encryption?: Encryption | undefined;
  /**
   * The volumes of the disk that are read as ciphertext; absent if there are none or they are unknown. Can be present
   * although `encryption` is `decrypted`, because other volumes of the same disk are decrypted.
   */
  readonly ciphertext?: readonly CiphertextVolume[] | undefined;
}

/** How the content of an encrypted disk is read: as ciphertext, or decrypted. */
export type Encryption = 'ciphertext' | 'decrypted';

/** A disk, or a partition of it, that is read as ciphertext. */
export interface CiphertextVolume {
  /** Name of the encryption, such as `LUKS`. */
  readonly scheme: string;
  /** Number of the partition; absent if the volume is the complete disk. */
  readonly partition?: number | undefined;
  /** Selector of the key that would decrypt the volume (see `readDiskKey`); absent if it cannot be decrypted. */
  readonly selector?: string | undefined;
}

/**
 * The files and formats that determine an image's content. Equal identities mean equal content, unless a link is
 * `volatile`. The chain without its first link is the chain of the backing image. Readers that read the same content
 * from the same files must return the same formats and parts.
 */
export interface ImageIdentity {
  /** The image itself, its backing image, and so on; at least one link. */
  readonly chain: readonly Link[];
}

/** A range of guest-visible bytes that read as zeros. */
export interface ZeroExtent {
  readonly kind: 'zero';
  /** Position of the first byte in the guest-visible disk. */
  readonly start: number;
  /** Length in bytes, at least 1. */
  readonly length: number;
  /** Set if the bytes come from the backing image (see `baseOf`), at the same position. */
  readonly inherited?: true | undefined;
}

/** A range of guest-visible bytes that must be read. */
export interface DataExtent {
  readonly kind: 'data';
  /** Position of the first byte in the guest-visible disk. */
  readonly start: number;
  /** Length in bytes, at least 1. */
  readonly length: number;
  /** Set if the bytes come from the backing image (see `baseOf`), at the same position. */
  readonly inherited?: true | undefined;
  /**
   * The location of the same bytes in a file of the host, if they are stored there unmodified. As long as the image is
   * open, the caller is allowed to read them from that file instead of through the image, in several threads at once.
   */
  readonly stored?: {
    /** Index of the file in `fileStampsOf(identity)`: the files among the parts of all links, top link first. */
    readonly file: number;
    /** Offset of the first byte in that file. */
    readonly offset: number;
  };
}

export type Extent = ZeroExtent | DataExtent;

/** An open virtual disk, as the guest sees it. Sizes and positions are in bytes, below 2⁵³. */
export interface DiskImage {
  /** Size of the guest-visible disk in bytes; any number from 0, not necessarily a multiple of a sector or block. */
  readonly virtualSize: number;

  readonly identity: ImageIdentity;

  /**
   * Yields the extents in ascending order, without gaps, from the beginning of the disk to its end; none for a disk of
   * 0 bytes. A second iteration must not begin before the first has ended.
   */
  extents(): AsyncIterable<Extent>;

  /**
   * Fills `target` completely with the guest-visible bytes from `position` on.
   * `target` belongs to the caller and must not be kept. Several reads can run concurrently.
   *
   * @throws if the range extends past the end of the disk, if not all of its bytes can be read, and after `close`.
   */
  read(target: Uint8Array, position: number): Promise<void>;

  /** Releases all resources; pending reads fail. Idempotent. */
  close(): Promise<void>;
}

/**
 * An open virtual disk that can only be read from its first byte to its last, such as a disk in a compressed file. Its
 * size is known only after it has been read.
 */
export interface DiskStream {
  readonly identity: ImageIdentity;

  /**
   * Fills `target` with the next guest-visible bytes and returns their number, which is less than the length of
   * `target` only if the disk ends there. After that, returns 0. `target` belongs to the caller and must not be kept.
   * Calls must not overlap.
   *
   * @throws if the disk cannot be read to its end, for an I/O error, and after `close`.
   */
  readNext(target: Uint8Array): Promise<number>;

  /** Releases all resources; a pending read fails. Idempotent. */
  close(): Promise<void>;
}
