import type { InspectedImage, VmdkDescriptorFields } from '@virt-similarity/image-tools';

/** A file's bytes, as far as inspection needs them. */
export interface FileBytes {
  /** The file's name without directory, for messages. */
  readonly name: string;
  /** Bytes of the file. */
  readonly size: number;
  /** The bytes from `position` on: `length` of them, fewer only where the file ends. */
  read(position: number, length: number): Promise<Buffer>;
}

/** A file that a header points to. */
export interface BackingReference {
  /** Its name exactly as the header has it. */
  readonly name: string;
  /** Its format, where the header says so. */
  readonly format?: string;
  /** What {@link FormatHeader.contentId} of that file must be. */
  readonly contentId?: string;
}

/** A file that holds the guest's data in the place of the file with the header. */
export interface ExtentReference {
  /** Its name exactly as the header has it. */
  readonly name: string;
  /** @throws `HeaderError` where the file cannot be what the header says of it. */
  check(bytes: FileBytes): Promise<void>;
}

/** What a header says. */
export interface FormatHeader {
  /** Bytes that the guest sees, as qemu counts them given `driverOptions`. */
  readonly virtualSize: number;
  readonly backing?: BackingReference;
  readonly extents?: readonly ExtentReference[];
  /** A number that the format changes with the content: a VMDK's CID, in 8 hexadecimal digits. */
  readonly contentId?: string;
  readonly driverOptions?: InspectedImage['driverOptions'];
  readonly descriptor?: VmdkDescriptorFields;
  /** The name, as the header has it, of the file in which a VMDK's changed blocks are tracked. */
  readonly changeTracking?: string;
}

/** The bytes by which formats are recognised. */
export interface FileEnds {
  /** The first 4 KiB of the file, or all of it. */
  readonly head: Buffer;
  /** The last 512 bytes of the file, or all of it. */
  readonly tail: Buffer;
}

/** All that is known of one disk-image format. Pure: looks at the given bytes only. */
export interface FormatInspector {
  /** As qemu names it. */
  readonly format: string;
  /** Whether the file bears the format's magic, and at which end. */
  recognize(ends: FileEnds): 'head' | 'tail' | undefined;
  /**
   * Reads a recognised file's header.
   *
   * @throws `HeaderError` where it is damaged or must not be followed.
   */
  readHeader(bytes: FileBytes): Promise<FormatHeader>;
  /**
   * For formats whose first-level tables lead to further tables: throws `HeaderError` unless all of them lie within the
   * file, whose header was read before. Reads the first-level tables, so it costs more than the header does.
   */
  requireTables?(bytes: FileBytes): Promise<void>;
}
