const L1_ENTRY_BYTES = 8;
const COMPRESSION_TYPE = 1 << 3;
const EXTENDED_L2 = 1 << 4;
const DEFLATE = 0;
/** Subclusters of a cluster with extended L2 entries. Each is allocated independently. */
const SUBCLUSTERS = 32;
/** The binary logarithm of the size of the smallest cluster that qemu accepts with extended L2 entries. */
const MIN_EXTENDED_CLUSTER_BITS = 14;

/** Bytes at the beginning of the file that contain the geometry. */
export const GEOMETRY_BYTES = 105;

/** The location of a qcow2 image's L1 table, and the units that its tables map. Lengths and offsets are in bytes. */
export interface Qcow2Geometry {
  readonly version: number;
  readonly clusterBits: number;
  readonly clusterBytes: number;
  /** Whether compressed clusters use raw deflate. */
  readonly isDeflated: boolean;
  readonly l1Offset: number;
  readonly l1Entries: number;
  readonly l2EntryBytes: number;
  /** The unit of allocation: a cluster, or with extended L2 entries a subcluster. */
  readonly granuleBytes: number;
  readonly granulesPerCluster: number;
  /** Guest-visible bytes that one L2 table describes. */
  readonly l2Coverage: number;
}

/**
 * Reads the geometry from the start of a qcow2 file that passed inspection. Returns `undefined` if qemu would refuse
 * the cluster size. `header` has `GEOMETRY_BYTES` bytes, fewer only if the file is shorter.
 *
 * Format: https://www.qemu.org/docs/master/interop/qcow2.html
 */
export function qcow2Geometry(header: Buffer): Qcow2Geometry | undefined {
  const version = header.readUInt32BE(4);
  const clusterBits = header.readUInt32BE(20);
  const features = version >= 3 ? header.readUInt32BE(76) : 0;
  const isExtended = (features & EXTENDED_L2) !== 0;
  if (isExtended && clusterBits < MIN_EXTENDED_CLUSTER_BITS) {
    return undefined;
  }
  const clusterBytes = 2 ** clusterBits;
  const l2EntryBytes = isExtended ? 2 * L1_ENTRY_BYTES : L1_ENTRY_BYTES;
  const granulesPerCluster = isExtended ? SUBCLUSTERS : 1;
  return {
    version,
    clusterBits,
    clusterBytes,
    isDeflated: (features & COMPRESSION_TYPE) === 0 || header[104] === DEFLATE,
    l1Offset: Number(header.readBigUInt64BE(40)),
    l1Entries: header.readUInt32BE(36),
    l2EntryBytes,
    granuleBytes: clusterBytes / granulesPerCluster,
    granulesPerCluster,
    l2Coverage: (clusterBytes / l2EntryBytes) * clusterBytes,
  };
}
