import type { ImageIdentity } from '../contracts/disk-image.js';
import type { HashVectorStorage } from './hash-vector-storage.js';

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

/** The digests of an image's non-zero blocks, by block number; in memory or in a file. */
export interface HashVector extends HashVectorHeader {
  /** Where the same rows stand, if threads may read them by themselves, which is faster. */
  readonly storage?: HashVectorStorage;
  /** All rows in ascending order, in batches of any size above 0. May be called again, also while another call is being read. */
  rows(): AsyncIterable<HashVectorRows>;
}
