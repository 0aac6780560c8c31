import type { BigIntStats } from 'node:fs';
import type { Stamp } from '../contracts/disk-image.js';
import { fileNumberOf, sameFile } from '../identity/stamp.js';
import type { RowsLocation } from './arrow-record-batch.js';

/**
 * Identifies a hash-vector file in one state; it changes when the file is written to. The ctime is left out: a process
 * that stores an entry of the cache removes the entry's temporary name while others read it already.
 */
export type FileIdentity = Pick<Stamp, 'device' | 'inode' | 'size' | 'mtimeNs'>;

/** Rows that stand in a file. */
export interface FileStorage {
  readonly kind: 'file';
  readonly path: string;
  /** What the file was when the places of its rows were read. */
  readonly identity: FileIdentity;
  /** Where the rows stand, in ascending order; they have not been checked. */
  readonly batches: readonly RowsLocation[];
}

/** Rows that stand in memory, which may be shared memory. They have been checked and do not change any more. */
export interface MemoryStorage {
  readonly kind: 'memory';
  /** Block numbers, strictly ascending. */
  readonly blocks: Uint32Array;
  /** The digests, one after the other. */
  readonly digests: Uint8Array;
}

/** Where the rows of a hash vector stand, for threads that read them by themselves. */
export type HashVectorStorage = FileStorage | MemoryStorage;

export function fileIdentityOf(stats: BigIntStats): FileIdentity {
  return { ...fileNumberOf(stats), size: stats.size, mtimeNs: stats.mtimeNs };
}

export function sameContent(one: FileIdentity, other: FileIdentity): boolean {
  return sameFile(one, other) && one.size === other.size && one.mtimeNs === other.mtimeNs;
}
