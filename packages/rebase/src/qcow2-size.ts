/** Bytes of an entry of an L1 or L2 table. */
const ENTRY_BYTES = 8;
/** Bytes of a refcount of the default width. */
const REFCOUNT_BYTES = 2;
/** The unit in which most file systems allocate. */
const ALLOCATION_UNIT = 4096;

/**
 * The smallest cluster size of overlays, in bytes. qcow2 also allows smaller clusters, which most file systems do not
 * store efficiently.
 */
export const SMALLEST_CLUSTER = 4096;
/** The largest cluster size that qemu supports, in bytes. */
export const LARGEST_CLUSTER = 2 * 1024 * 1024;

/** The contents of a qcow2 file that determine its size. */
export interface Qcow2Contents {
  /** Bytes; a power of two from 4 KiB to 2 MiB. */
  readonly clusterSize: number;
  /** Size of the guest-visible disk in bytes. */
  readonly virtualSize: number;
  /** Clusters with data. */
  readonly dataClusters: number;
  /** L2 tables: one for each range of `clustersPerTable` clusters in which the file has data or zero clusters. */
  readonly tables: number;
}

/** Returns the number of clusters that one L2 table maps. */
export function clustersPerTable(clusterSize: number): number {
  return clusterSize / ENTRY_BYTES;
}

/** Returns the number of L2 tables that map a complete disk. */
export function tablesOf(virtualSize: number, clusterSize: number): number {
  return Math.ceil(virtualSize / (clusterSize * clustersPerTable(clusterSize)));
}

/**
 * Returns the bytes that a file system allocates for a qcow2 file as qemu-img writes it: the header, the refcount table
 * and blocks, the L1 table, the L2 tables and the data. The L1 table is the only part that need not fill its clusters.
 */
export function qcow2Bytes({ clusterSize, virtualSize, dataClusters, tables }: Qcow2Contents): number {
  const l1Bytes = tablesOf(virtualSize, clusterSize) * ENTRY_BYTES;
  const l1Allocated = Math.ceil(l1Bytes / ALLOCATION_UNIT) * ALLOCATION_UNIT;
  const others = 1 + Math.ceil(l1Bytes / clusterSize) + tables + dataClusters;
  const { table, blocks } = refcountClusters(others, clusterSize);
  return (1 + table + blocks + tables + dataClusters) * clusterSize + l1Allocated;
}

/**
 * Returns how many clusters the refcount table and the refcount blocks of a file occupy, if the file has `others` other
 * clusters.
 */
export function refcountClusters(
  others: number,
  clusterSize: number,
): { readonly table: number; readonly blocks: number } {
  for (let table = 1, blocks = 1; ; ) {
    const neededBlocks = Math.ceil((others + table + blocks) / (clusterSize / REFCOUNT_BYTES));
    const neededTable = Math.ceil((neededBlocks * ENTRY_BYTES) / clusterSize);
    if (neededBlocks === blocks && neededTable === table) {
      return { table, blocks };
    }
    blocks = neededBlocks;
    table = neededTable;
  }
}
