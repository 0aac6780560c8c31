import type { Qcow2Geometry } from './qcow2-geometry.js';

/** A bit in the upper half of an entry: the cluster is compressed. */
const COMPRESSED = 0x4000_0000;
/** A bit in the lower half of a standard entry: the cluster reads as zeros. */
const READS_AS_ZEROS = 1;
const SECTOR_BYTES = 512;

/** The state of a granule in an L2 table: of one cluster or, with extended entries, of one subcluster. */
export type GranuleState =
  | { readonly kind: 'unallocated' }
  | { readonly kind: 'zero' }
  /** `offset`: where the granule is stored in the file. */
  | { readonly kind: 'stored'; readonly offset: number }
  /**
   * `offset`: where the compressed cluster begins in the file; `storedBytes`: the bytes from there to the end of its
   * last sector.
   */
  | { readonly kind: 'compressed'; readonly offset: number; readonly storedBytes: number }
  /** The entry violates the format. */
  | { readonly kind: 'invalid' };

const UNALLOCATED: GranuleState = { kind: 'unallocated' };
const ZERO: GranuleState = { kind: 'zero' };
const INVALID: GranuleState = { kind: 'invalid' };

/** Returns the file position in the entry at byte `at` of an L1 or L2 table; 0 if the entry has no position. */
export function positionIn(table: Buffer, at: number): number {
  return (table.readUInt32BE(at) & 0x00ff_ffff) * 2 ** 32 + ((table.readUInt32BE(at + 4) & 0xffff_fe00) >>> 0);
}

/** Returns the state of the granule with index `granule` in an L2 table. Reserved bits are ignored, as in qemu. */
export function granuleState(table: Buffer, granule: number, geometry: Qcow2Geometry): GranuleState {
  const { clusterBytes, granuleBytes, granulesPerCluster, l2EntryBytes } = geometry;
  const part = granule % granulesPerCluster;
  const at = ((granule - part) / granulesPerCluster) * l2EntryBytes;
  if ((table.readUInt32BE(at) & COMPRESSED) !== 0) {
    return compressedState(table, at, geometry);
  }
  const position = positionIn(table, at);
  if (position % clusterBytes !== 0) {
    return INVALID;
  }
  if (granulesPerCluster > 1) {
    return subclusterState(table, at, part, position + part * granuleBytes, position > 0);
  }
  if ((table.readUInt32BE(at + 4) & READS_AS_ZEROS) !== 0) {
    return geometry.version < 3 ? INVALID : ZERO;
  }
  return position === 0 ? UNALLOCATED : { kind: 'stored', offset: position };
}

/**
 * Returns the length of the run of granules that begins at index `granule` and ends before index `end`; at least 1.
 * `kind` is the kind of the first granule. The run continues as long as the next entry has the same bytes or, for
 * stored clusters, a position that is one cluster higher. Always returns 1 for extended and compressed entries.
 * Comparing bytes saves parsing each entry of a long run.
 */
export function uniformGranules(
  table: Buffer,
  granule: number,
  end: number,
  kind: GranuleState['kind'],
  { clusterBytes, granulesPerCluster, l2EntryBytes }: Qcow2Geometry,
): number {
  if (granulesPerCluster > 1 || kind === 'compressed') {
    return 1;
  }
  const step = kind === 'stored' ? clusterBytes : 0;
  const upper = table.readUInt32BE(granule * l2EntryBytes);
  let lower = table.readUInt32BE(granule * l2EntryBytes + 4) + step;
  let next = granule + 1;
  for (let at = next * l2EntryBytes; next < end; next += 1, at += l2EntryBytes) {
    if (table.readUInt32BE(at + 4) !== lower || table.readUInt32BE(at) !== upper) {
      break;
    }
    lower += step;
  }
  return next - granule;
}

/**
 * Returns the state of the subcluster with index `part` in the extended entry at byte `at`. The second half of the
 * entry has two bits for each subcluster: whether it reads as zeros, and whether it is allocated. `offset` is where the
 * subcluster is stored if it is allocated. `hasCluster` says whether the entry has a position.
 */
function subclusterState(table: Buffer, at: number, part: number, offset: number, hasCluster: boolean): GranuleState {
  const isZero = ((table.readUInt32BE(at + 8) >>> part) & 1) !== 0;
  const isAllocated = ((table.readUInt32BE(at + 12) >>> part) & 1) !== 0;
  if (isAllocated) {
    return isZero || !hasCluster ? INVALID : { kind: 'stored', offset };
  }
  return isZero ? ZERO : UNALLOCATED;
}

/**
 * Reads the entry of a compressed cluster: the byte position of the cluster, and the number of sectors after the sector
 * in which the cluster begins.
 */
function compressedState(table: Buffer, at: number, { clusterBits }: Qcow2Geometry): GranuleState {
  // The lowest 62 − (clusterBits − 8) bits are the position. The bits above it, up to bit 61, are the number of
  // sectors.
  const upperBits = 70 - clusterBits - 32;
  const upper = table.readUInt32BE(at) & 0x3fff_ffff;
  const offset = (upper % 2 ** upperBits) * 2 ** 32 + table.readUInt32BE(at + 4);
  const sectors = (upper >>> upperBits) + 1;
  return { kind: 'compressed', offset, storedBytes: sectors * SECTOR_BYTES - (offset % SECTOR_BYTES) };
}
