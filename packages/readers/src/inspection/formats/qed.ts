import type { BackingReference, FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { countableSize, isPowerOfTwo, readBackingName, readExactly, requireWithin } from './header-fields.js';

const MAGIC = Buffer.from('QED\0', 'latin1');
const HEADER_BYTES = 64;
const MIN_CLUSTER_BYTES = 4096;
const MAX_CLUSTER_BYTES = 64 * 1024 * 1024;
const MAX_TABLE_CLUSTERS = 16;
const ENTRY_BYTES = 8n;
const SECTOR_BYTES = 512n;

const BACKING_FILE = 1n;
const BACKING_IS_RAW = 4n;
/** Backing file, needs check, backing file is raw. */
const KNOWN_FEATURES = 0b111n;

/** QED, according to docs/interop/qed_spec.txt and block/qed.c of qemu. */
export const qed: FormatInspector = {
  format: 'qed',
  recognize: ({ head }) => (head.subarray(0, 4).equals(MAGIC) ? 'head' : undefined),
  readHeader,
};

async function readHeader(bytes: FileBytes): Promise<FormatHeader> {
  const header = await readExactly(bytes, 0, HEADER_BYTES, 'qed header');
  const features = header.readBigUInt64LE(16);
  if ((features & ~KNOWN_FEATURES) !== 0n) {
    throw refused(
      `its qed header requires unknown features (0x${(features & ~KNOWN_FEATURES).toString(16)}); convert it with the program that made it`,
    );
  }
  requireL1Table(bytes, header);
  const virtualSize = countableSize(header.readBigUInt64LE(48));
  if ((features & BACKING_FILE) === 0n) {
    return { virtualSize };
  }
  return { virtualSize, backing: await readBacking(bytes, header, features) };
}

function requireL1Table(bytes: FileBytes, header: Buffer): void {
  const clusterBytes = header.readUInt32LE(4);
  const tableClusters = header.readUInt32LE(8);
  const isClusterSize = clusterBytes >= MIN_CLUSTER_BYTES && clusterBytes <= MAX_CLUSTER_BYTES;
  const isTableSize = tableClusters >= 1 && tableClusters <= MAX_TABLE_CLUSTERS;
  if (!isClusterSize || !isPowerOfTwo(clusterBytes) || !isTableSize || !isPowerOfTwo(tableClusters)) {
    throw corrupt(`its qed header declares clusters of ${clusterBytes} bytes and tables of ${tableClusters} clusters`);
  }
  const tableBytes = BigInt(clusterBytes * tableClusters);
  requireDiskSize(header.readBigUInt64LE(48), BigInt(clusterBytes), tableBytes);
  const position = header.readBigUInt64LE(40);
  requireWithin(bytes, position, tableBytes, 'L1 table');
  const headerBytes = BigInt(clusterBytes) * BigInt(header.readUInt32LE(12));
  if (position % BigInt(clusterBytes) !== 0n || position < headerBytes) {
    throw corrupt(
      `its L1 table begins at byte ${position}; expected the beginning of a cluster of ${clusterBytes} bytes after the header of ${headerBytes} bytes`,
    );
  }
}

/**
 * Requires a size that is a multiple of a sector and that two levels of tables can map.
 *
 * @throws `HeaderError` for any other size.
 */
function requireDiskSize(virtualSize: bigint, clusterBytes: bigint, tableBytes: bigint): void {
  const entries = tableBytes / ENTRY_BYTES;
  const maxBytes = entries * entries * clusterBytes;
  if (virtualSize % SECTOR_BYTES !== 0n || virtualSize > maxBytes) {
    throw corrupt(
      `its qed header declares a disk of ${virtualSize} bytes; expected whole sectors and at most ${maxBytes}`,
    );
  }
}

async function readBacking(bytes: FileBytes, header: Buffer, features: bigint): Promise<BackingReference> {
  const [offset, length] = [header.readUInt32LE(56), header.readUInt32LE(60)];
  const headerBytes = header.readUInt32LE(4) * header.readUInt32LE(12);
  if (offset + length > headerBytes) {
    throw corrupt(`its backing file's name ends at byte ${offset + length}, beyond its header of ${headerBytes} bytes`);
  }
  const name = await readBackingName(bytes, BigInt(offset), length);
  return (features & BACKING_IS_RAW) === 0n ? { name } : { name, format: 'raw' };
}
