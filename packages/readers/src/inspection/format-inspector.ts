import type { InspectedImage, VmdkDescriptorFields } from '@virt-similarity/image-tools';

/** The access to a file's bytes that inspection needs. */
export interface FileBytes {
  /** The file's name without directory, for messages. */
  readonly name: string;
  /** Size of the file in bytes. */
  readonly size: number;
  /** Returns the `length` bytes at `position`; fewer only at the end of the file. */
  read(position: number, length: number): Promise<Buffer>;
}

/** A file that a header points to. */
export interface BackingReference {
  /** Its name exactly as in the header. */
  readonly name: string;
  /** Its format, if the header states it. */
  readonly format?: string;
  /** The required {@link FormatHeader.contentId} of that file. */
  readonly contentId?: string;
}

/** Another file that an image needs, and what is required of it. */
export interface CheckedReference {
  readonly name: string;
  /** @throws `HeaderError` if the file does not match the header. */
  check(bytes: FileBytes): Promise<void>;
}

/** A file that has the guest's data in place of the file with the header. Its name is exactly as in the header. */
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
  /** The first 4 KiB of the file, or all of it. */
  readonly head: Buffer;
  /** The last 512 bytes of the file, or all of it. */
  readonly tail: Buffer;
}

/** The inspector of one disk-image format. Pure: uses only the given bytes. */
export interface FormatInspector {
  /** qemu's name of the format. */
  readonly format: string;
  /** Returns the end at which the file has the format's magic, if any. */
  recognize(ends: FileEnds): 'head' | 'tail' | undefined;
  /**
   * Reads the header of a recognized file.
   *
   * @throws `HeaderError` if it is damaged or must not be followed.
   */
  readHeader(bytes: FileBytes): Promise<FormatHeader>;
  /**
   * For formats whose first-level tables point to further tables: throws `HeaderError` unless all of them are within
   * the file, whose header must have been read. Reads the first-level tables, so it costs more than `readHeader`.
   */
  requireTables?(bytes: FileBytes): Promise<void>;
}
