import type { InspectedImage, VmdkDescriptorFields } from '@virt-similarity/image-tools';

/** The access to a file's bytes that inspection needs. */
export interface FileBytes {
  /** The file's name without directory, for messages. */
  readonly name: string;
  /** Size of the file in bytes. */
  readonly size: number;
  /**
   * Returns the `length` bytes at `position`; fewer only at the end of the file.
   *
   * @throws `HeaderError` if the file cannot be read, or the errors of `StoredBytes.read` after inspection.
   */
  read(position: number, length: number): Promise<Buffer>;
}

/** The backing file that a header names. */
export interface BackingReference {
  /** The name of the backing file, exactly as in the header. */
  readonly name: string;
  /** The format of the backing file, if the header states it. */
  readonly format?: string;
  /** The {@link FormatHeader.contentId} that the backing file must have. */
  readonly contentId?: string;
}

/** Another file that belongs to an image, and the check that the file must pass. */
export interface CheckedReference {
  readonly name: string;
  /** @throws `HeaderError` if the file does not match the header. */
  check(bytes: FileBytes): Promise<void>;
}

/**
 * A file that contains guest data: an extent file, with its name exactly as in the header, or a later part of a split
 * disk.
 */
export type ExtentReference = CheckedReference;

/** The content of a header. */
export interface FormatHeader {
  /** Bytes that the guest sees, as qemu counts them with `driverOptions`. */
  readonly virtualSize: number;
  readonly backing?: BackingReference;
  readonly extents?: readonly ExtentReference[];
  /** A file of a fixed name in the image's directory that, if it exists, shows whether the image is a complete disk. */
  readonly neighbour?: CheckedReference;
  /** An ID that the format changes with the content: a VMDK's CID, in 8 hexadecimal digits. */
  readonly contentId?: string;
  /** Set if the guest's data is encrypted: the UUID of its LUKS header, in lower case. */
  readonly encryption?: { readonly uuid: string };
  readonly driverOptions?: InspectedImage['driverOptions'];
  readonly descriptor?: VmdkDescriptorFields;
  /** The name, exactly as in the header, of the file that tracks a VMDK's changed blocks. */
  readonly changeTracking?: string;
}

/** The bytes by which formats are recognized. */
export interface FileEnds {
  /** The first 4 KiB of the file, or all of it; empty if only the end is known. */
  readonly head: Buffer;
  /** The last 512 bytes of the file, or all of it; empty if only the beginning is known. */
  readonly tail: Buffer;
}

/** The inspector of one format of disk images or compressed files. Pure: uses only the given bytes. */
export interface FormatInspector {
  /** qemu's name of the format. */
  readonly format: string;
  /** Returns the end at which the file has the format's magic, if any. */
  recognize(ends: FileEnds): 'head' | 'tail' | undefined;
  /**
   * Reads the header of a recognized file.
   *
   * @throws `HeaderError` if the header is damaged, is not supported or must not be followed, or if it cannot be read.
   */
  readHeader(bytes: FileBytes): Promise<FormatHeader>;
  /**
   * For formats whose tables can point past the end of the file: requires the tables or chunks to which they point to
   * be within the file. Call it after `readHeader`. It reads the first-level tables, so it costs more than
   * `readHeader`.
   *
   * @throws `HeaderError` if a table or chunk is not within the file, if tables are shared, if a table is invalid, or
   * if the tables cannot be read.
   */
  requireTables?(bytes: FileBytes): Promise<void>;
}
