import type { BackingReference, FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { countableSize, readBackingName, readExactly, requireWithin } from './header-fields.js';

const MAGIC = Buffer.from('QED\0', 'latin1');
const HEADER_BYTES = 64;
const MIN_CLUSTER_BYTES = 4096;
const MAX_CLUSTER_BYTES = 64 * 1024 * 1024;
const MAX_TABLE_CLUSTERS = 16;

const BACKING_FILE = 1n;
const BACKING_IS_RAW = 4n;
/** Backing file, needs check, backing file is raw. */
const KNOWN_FEATURES = 0b111n;

/** QED, after docs/interop/qed_spec.txt of qemu. */
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
      `its qed header demands features that are not known (0x${(features & ~KNOWN_FEATURES).toString(16)}); convert it with the program that made it`,
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
  if (!isClusterSize || tableClusters < 1 || tableClusters > MAX_TABLE_CLUSTERS) {
    throw corrupt(`its qed header says clusters of ${clusterBytes} bytes and tables of ${tableClusters} clusters`);
  }
  requireWithin(bytes, header.readBigUInt64LE(40), BigInt(clusterBytes) * BigInt(tableClusters), 'L1 table');
}

async function readBacking(bytes: FileBytes, header: Buffer, features: bigint): Promise<BackingReference> {
  const name = await readBackingName(bytes, BigInt(header.readUInt32LE(56)), header.readUInt32LE(60));
  return (features & BACKING_IS_RAW) === 0n ? { name } : { name, format: 'raw' };
}
