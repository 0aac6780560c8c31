import type { FileStamp, ImageIdentity } from './disk-image.js';

/** The metadata of a hash vector. */
export interface HashVectorHeader {
  /**
   * The image's path, as the user named it. Outcomes of a run have the path that the user named in this run; a file or
   * a store keeps the path from when the image was hashed.
   */
  readonly name: string;
  /** Name of the block hasher, such as `sha256`. */
  readonly algorithm: string;
  /** Version of that hasher (see `BlockHasher.version`); absent if the hasher has none or the file records none. */
  readonly hasherVersion?: string | undefined;
  /** Size of a digest in bytes. */
  readonly digestLength: number;
  /** Size of a block in bytes; a power of two from 512 to 16 MiB. */
  readonly blockSize: number;
  /** Size of the guest-visible disk in bytes. */
  readonly virtualSize: number;
  /** Number of non-zero blocks, which is the number of rows. */
  readonly dataBlocks: number;
  /** Identity of the image that was hashed; absent if it is unknown, as in a file that records none. */
  readonly identity?: ImageIdentity | undefined;
}

/** Consecutive rows of a hash vector. */
export interface HashVectorRows {
  /** Block numbers, strictly ascending. */
  readonly blocks: Uint32Array;
  /** The concatenated digests: `blocks.length` × `digestLength` bytes. */
  readonly digests: Uint8Array;
}

/** The location of a record batch's rows in a file; offsets are in bytes from the start of the file. */
export interface RowsLocation {
  /** Number of rows. */
  readonly rows: number;
  /** Offset of the block numbers, which occupy `rows` × 4 bytes, little-endian. */
  readonly blocksOffset: number;
  /** Offset of the digests, which occupy `rows` × `digestLength` bytes. */
  readonly digestsOffset: number;
}

/**
 * Identifies a hash-vector file in a certain state; changes when the file is written to. Excludes the ctime, because a
 * process that stores a cache entry removes the entry's temporary name, and so changes the ctime, when other processes
 * can already read the entry.
 */
export type FileIdentity = Pick<FileStamp, 'device' | 'inode' | 'size' | 'mtimeNs'>;

/** Rows in a file. */
export interface FileStorage {
  readonly kind: 'file';
  readonly path: string;
  /** The file's identity at the time when `batches` was read from the file. */
  readonly identity: FileIdentity;
  /** The locations of the rows, in the order of the rows. Opening the file has not validated the rows. */
  readonly batches: readonly RowsLocation[];
}

/** Rows in memory, possibly shared memory. The rows no longer change. */
export interface MemoryStorage {
  readonly kind: 'memory';
  /** Block numbers, strictly ascending. */
  readonly blocks: Uint32Array;
  /** The concatenated digests. */
  readonly digests: Uint8Array;
}

/** The location of a hash vector's rows, for threads that read them directly. */
export type HashVectorStorage = FileStorage | MemoryStorage;

/**
 * A hash vector as plain data. It can be cloned and posted to threads. If its rows are in a file, it can also be
 * stored, and is valid as long as the file exists unchanged.
 */
export interface LocatedVector {
  readonly header: HashVectorHeader;
  readonly storage: HashVectorStorage;
}

/** The digests of an image's non-zero blocks with their block numbers, in memory or in a file. */
export interface HashVector extends HashVectorHeader {
  /**
   * The location of the rows that `rows` yields. Threads read the rows from this location, which is faster. Absent if
   * the rows can only be read with `rows`.
   */
  readonly storage?: HashVectorStorage | undefined;
  /**
   * Yields all rows in ascending order of block numbers, in batches of any size above 0. Can be called repeatedly and
   * concurrently.
   */
  rows(): AsyncIterable<HashVectorRows>;
}
