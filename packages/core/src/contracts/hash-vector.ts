import type { FileStamp, ImageIdentity } from './disk-image.js';

/** What a hash vector says of itself. */
export interface HashVectorHeader {
  /** The image's path as the user named it when it was hashed. */
  readonly name: string;
  /** Name of the block hasher, such as `sha256`. */
  readonly algorithm: string;
  /** Version of that hasher (see `BlockHasher.version`); absent in older files and those of other makers. */
  readonly hasherVersion?: string;
  /** Bytes of a digest. */
  readonly digestLength: number;
  /** Bytes of a block; a power of two from 512 to 16 MiB. */
  readonly blockSize: number;
  /** Bytes that the guest sees. */
  readonly virtualSize: number;
  /** Non-zero blocks: the rows of the vector. */
  readonly dataBlocks: number;
  /** What the vector was made from; absent in files of other makers. */
  readonly identity?: ImageIdentity;
}

/** Consecutive rows of a hash vector. */
export interface HashVectorRows {
  /** Block numbers, strictly ascending. */
  readonly blocks: Uint32Array;
  /** The digests, one after the other: `blocks.length` × `digestLength` bytes. */
  readonly digests: Uint8Array;
}

/** Where the rows of a record batch are in its file; offsets in bytes from the file's beginning. */
export interface RowsLocation {
  readonly rows: number;
  /** `rows` × 4 bytes, little-endian. */
  readonly blocksOffset: number;
  /** `rows` × `digestLength` bytes. */
  readonly digestsOffset: number;
}

/**
 * Identifies a hash-vector file in one state; it changes when the file is written to. The ctime is left out: a process
 * that stores an entry of the cache removes the entry's temporary name while others read it already.
 */
export type FileIdentity = Pick<FileStamp, 'device' | 'inode' | 'size' | 'mtimeNs'>;

/** Rows in a file. */
export interface FileStorage {
  readonly kind: 'file';
  readonly path: string;
  /** What the file was when the places of its rows were read. */
  readonly identity: FileIdentity;
  /** Where the rows are, in ascending order; they have not been checked. */
  readonly batches: readonly RowsLocation[];
}

/** Rows in memory, which may be shared memory. They have been checked and no longer change. */
export interface MemoryStorage {
  readonly kind: 'memory';
  /** Block numbers, strictly ascending. */
  readonly blocks: Uint32Array;
  /** The digests, one after the other. */
  readonly digests: Uint8Array;
}

/** Where the rows of a hash vector are, for threads that read them by themselves. */
export type HashVectorStorage = FileStorage | MemoryStorage;

/**
 * A hash vector as plain data: it can be cloned and posted, and if its rows are in a file stored too, for as long as that file
 * is there.
 */
export interface LocatedVector {
  readonly header: HashVectorHeader;
  readonly storage: HashVectorStorage;
}

/** The digests of an image's non-zero blocks, by block number; in memory or in a file. */
export interface HashVector extends HashVectorHeader {
  /** Where the same rows are, if threads may read them by themselves, which is faster. */
  readonly storage?: HashVectorStorage;
  /** All rows in ascending order, in batches of any size above 0. May be called again, also while another call is being read. */
  rows(): AsyncIterable<HashVectorRows>;
}
