import type { BigIntStats } from 'node:fs';
import type { RowsLocation } from './arrow-record-batch.js';

/** What tells a file apart from another one, or from itself before it was written to. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
  /** Bytes. */
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

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
  return { device: stats.dev, inode: stats.ino, size: stats.size, mtimeNs: stats.mtimeNs };
}

export function sameFile(one: FileIdentity, other: FileIdentity): boolean {
  return (
    one.device === other.device && one.inode === other.inode && one.size === other.size && one.mtimeNs === other.mtimeNs
  );
}
