import type { HashVector } from '@virt-similarity/core';
import { type ContentCounts, contentCounts } from './content-counts.js';

/** A store that keeps equal blocks once. */
interface Store {
  readonly name: string;
  /** Its block size in bytes. */
  readonly blockSize: number;
  /** The bytes of memory or disk that its index needs for each different block. */
  readonly indexBytes: number;
}

/**
 * Sources of the sizes of indexes: ZFS: 320 bytes for each entry of its deduplication table (zpool-dedup manual);
 * VDO: about 1 GiB of memory for 1 TiB of unique data with a dense index, which is 4 bytes for 4 KiB (RHEL manual,
 * "VDO memory requirements"); duperemove: a row of its hash file of about 60 bytes, on disk; Proxmox Backup: 32 bytes of
 * digest and 8 of offset for each chunk of a fixed index, on disk.
 */
const STORES: readonly Store[] = [
  { name: 'dm-vdo', blockSize: 4096, indexBytes: 4 },
  { name: 'btrfs or XFS with duperemove -b 4k', blockSize: 4096, indexBytes: 60 },
  { name: 'btrfs or XFS with duperemove', blockSize: 128 * 1024, indexBytes: 60 },
  { name: 'ZFS, recordsize 128K', blockSize: 128 * 1024, indexBytes: 320 },
  { name: 'Proxmox Backup, 4M chunks', blockSize: 4 * 2 ** 20, indexBytes: 40 },
];

/** What a store would need for some images. */
export interface StoreEstimate {
  readonly name: string;
  readonly blockSize: number;
  /** The bytes of different non-zero blocks, without compression. */
  readonly bytes: number;
  readonly indexBytes: number;
}

/**
 * Estimates what stores would need. Leaves out stores whose block size is not a multiple of that of the vectors.
 *
 * @throws as `contentCounts`.
 */
export async function storeEstimates(
  vectors: readonly HashVector[],
  signal: AbortSignal,
): Promise<readonly StoreEstimate[]> {
  const blockSize = vectors[0]?.blockSize ?? Number.POSITIVE_INFINITY;
  const possible = STORES.filter((store) => store.blockSize % blockSize === 0);
  const counts = new Map<number, ContentCounts>();
  for (const size of new Set(possible.map((store) => store.blockSize))) {
    counts.set(size, await contentCounts(vectors, size / blockSize, signal));
  }
  return possible.map((store) => {
    const { distinct } = counts.get(store.blockSize)!;
    return {
      name: store.name,
      blockSize: store.blockSize,
      bytes: distinct * store.blockSize,
      indexBytes: distinct * store.indexBytes,
    };
  });
}
