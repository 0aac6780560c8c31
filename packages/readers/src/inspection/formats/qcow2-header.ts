import type { FileBytes } from '../format-inspector.js';
import { corrupt, RawRemedyError, refused } from '../header-error.js';
import { ceilDivide, MAX_DIRECTORY_BYTES, readExactly, requireWithin } from './header-fields.js';

const VERSION_2_HEADER_BYTES = 72;
const VERSION_3_HEADER_BYTES = 104;
/** Position of the compression type. Only headers longer than the minimum of version 3 have this field. */
const COMPRESSION_TYPE = VERSION_3_HEADER_BYTES;

/** Encryption methods. */
const NO_ENCRYPTION = 0;
const AES_ENCRYPTION = 1;
const LUKS_ENCRYPTION = 2;

const CORRUPT = 1n << 1n;
const EXTERNAL_DATA = 1n << 2n;
const OTHER_COMPRESSION = 1n << 3n;
const EXTENDED_L2 = 1n << 4n;
/**
 * The incompatible features that are known: dirty, corrupt, external data file, compression type, extended L2 entries.
 */
const KNOWN_INCOMPATIBLE = 0b11111n;
/** The compression types are 0 (zlib) and 1 (zstd). */
const MAX_COMPRESSION_TYPE = 1;
/** Reference counts have at most 2⁶ bits. */
const MAX_REFCOUNT_ORDER = 6;
/** Extended L2 entries divide a cluster into 32 subclusters of at least one sector. */
const MIN_EXTENDED_CLUSTER_BYTES = 32 * 512;

const BITMAPS = 1n << 0n;
const RAW_EXTERNAL_DATA = 1n << 1n;

const L1_ENTRY_BYTES = 8n;
const MAX_REFCOUNT_TABLE_BYTES = 8n * 1024n * 1024n;
/** Bytes of the fixed part of an entry of the snapshot table. */
export const SNAPSHOT_BYTES = 40;
const MAX_SNAPSHOTS = 65_536n;
/** qemu stores file positions in signed 64-bit numbers. */
const MAX_POSITION = 2n ** 63n - 1n;

/** A table whose location is in the header. `position` is in bytes. */
export interface Qcow2Table {
  readonly position: bigint;
  readonly entries: bigint;
}

/** The fixed part of the header. */
export interface Qcow2FixedHeader {
  readonly virtualSize: bigint;
  readonly headerBytes: number;
  readonly clusterBytes: number;
  /** Whether the guest's data is encrypted with LUKS. */
  readonly isEncrypted: boolean;
  readonly backingOffset: bigint;
  readonly backingLength: number;
  readonly hasExternalData: boolean;
  /** Whether the bitmaps that an extension lists are up to date. If not, qemu ignores the extension. */
  readonly hasBitmaps: boolean;
  readonly l1Table: Qcow2Table;
  readonly refcountTable: Qcow2Table;
  readonly snapshotTable: Qcow2Table;
}

/**
 * Reads the fixed part of a qcow2 header, and checks it as `qcow2_do_open` in qemu's block/qcow2.c does. These checks
 * are needed because the tables of some images are read here without qemu.
 *
 * @throws `HeaderError` if a check fails, if a table is not within the file, or if the file cannot be read.
 */
export async function readFixedHeader(bytes: FileBytes): Promise<Qcow2FixedHeader> {
  const header = await readExactly(bytes, 0, VERSION_2_HEADER_BYTES, 'qcow2 header');
  const version = header.readUInt32BE(4);
  if (version !== 2 && version !== 3) {
    throw refused(`its qcow2 header has version ${version}, expected 2 or 3; convert it with the program that made it`);
  }
  const method = header.readUInt32BE(32);
  if (method !== NO_ENCRYPTION && method !== LUKS_ENCRYPTION) {
    throw new RawRemedyError(
      method === AES_ENCRYPTION
        ? "it is encrypted with qcow2's old AES-CBC, which is not secure; decrypt it with qemu-img convert first"
        : `it is encrypted with the unknown method ${method}; decrypt it with the program that made it first`,
    );
  }
  const clusterBits = header.readUInt32BE(20);
  if (clusterBits < 9 || clusterBits > 21) {
    throw corrupt(`its qcow2 header declares clusters of 2^${clusterBits} bytes; expected 2^9 to 2^21`);
  }
  const clusterBytes = 2 ** clusterBits;
  const { extendedL2, ...features } = version === 2 ? VERSION_2_FEATURES : await readVersion3(bytes, clusterBytes);
  const backingOffset = header.readBigUInt64BE(8);
  if (backingOffset > BigInt(clusterBytes)) {
    throw corrupt(
      `its backing file's name begins at byte ${backingOffset}, beyond its first cluster of ${clusterBytes} bytes`,
    );
  }
  const virtualSize = header.readBigUInt64BE(24);
  return {
    ...features,
    virtualSize,
    clusterBytes,
    isEncrypted: method === LUKS_ENCRYPTION,
    backingOffset,
    backingLength: header.readUInt32BE(16),
    ...readTables(bytes, header, clusterBytes),
    l1Table: readL1Table(bytes, header, { virtualSize, clusterBytes, entryBytes: extendedL2 ? 16n : 8n }),
  };
}

interface Features extends Pick<Qcow2FixedHeader, 'headerBytes' | 'hasExternalData' | 'hasBitmaps'> {
  readonly extendedL2: boolean;
}

const VERSION_2_FEATURES: Features = {
  headerBytes: VERSION_2_HEADER_BYTES,
  hasExternalData: false,
  hasBitmaps: false,
  extendedL2: false,
};

async function readVersion3(bytes: FileBytes, clusterBytes: number): Promise<Features> {
  const header = await readExactly(bytes, 0, VERSION_3_HEADER_BYTES, 'qcow2 header');
  const headerBytes = header.readUInt32BE(100);
  if (headerBytes < VERSION_3_HEADER_BYTES || headerBytes % 8 !== 0 || headerBytes > clusterBytes) {
    throw corrupt(
      `its qcow2 header declares a length of ${headerBytes} bytes; expected a multiple of 8 from 104 to ${clusterBytes}`,
    );
  }
  const incompatible = header.readBigUInt64BE(72);
  requireKnownFeatures(incompatible);
  await requireCompressionType(bytes, headerBytes, (incompatible & OTHER_COMPRESSION) !== 0n);
  const extendedL2 = (incompatible & EXTENDED_L2) !== 0n;
  if (extendedL2 && clusterBytes < MIN_EXTENDED_CLUSTER_BYTES) {
    throw corrupt(
      `its qcow2 header declares subclusters in clusters of ${clusterBytes} bytes; expected at least ${MIN_EXTENDED_CLUSTER_BYTES}`,
    );
  }
  const refcountOrder = header.readUInt32BE(96);
  if (refcountOrder > MAX_REFCOUNT_ORDER) {
    throw corrupt(
      `its qcow2 header declares refcounts of 2^${refcountOrder} bits; expected at most 2^${MAX_REFCOUNT_ORDER}`,
    );
  }
  const autoclear = header.readBigUInt64BE(88);
  const hasExternalData = (incompatible & EXTERNAL_DATA) !== 0n;
  if (!hasExternalData && (autoclear & RAW_EXTERNAL_DATA) !== 0n) {
    throw corrupt('its qcow2 header declares a raw external data file, but no external data file');
  }
  return { headerBytes, hasExternalData, hasBitmaps: (autoclear & BITMAPS) !== 0n, extendedL2 };
}

function requireKnownFeatures(incompatible: bigint): void {
  if ((incompatible & ~KNOWN_INCOMPATIBLE) !== 0n) {
    const unknown = (incompatible & ~KNOWN_INCOMPATIBLE).toString(16);
    throw refused(
      `its qcow2 header requires unknown features (incompatible bits 0x${unknown}); convert it with the program that made it`,
    );
  }
  if ((incompatible & CORRUPT) !== 0n) {
    throw corrupt('it is marked as corrupt', 'repair it with qemu-img check -r all');
  }
}

async function requireCompressionType(bytes: FileBytes, headerBytes: number, isOther: boolean): Promise<void> {
  const type =
    headerBytes === COMPRESSION_TYPE ? 0 : (await readExactly(bytes, COMPRESSION_TYPE, 1, 'qcow2 header'))[0]!;
  if (type > MAX_COMPRESSION_TYPE) {
    throw refused(
      `its qcow2 header has compression type ${type}, expected 0 or 1; convert it with the program that made it`,
    );
  }
  if (isOther !== (type !== 0)) {
    throw corrupt(`its qcow2 header has compression type ${type}, which contradicts its incompatible features`);
  }
}

interface L1Bounds {
  readonly virtualSize: bigint;
  readonly clusterBytes: number;
  /** Bytes of an entry of an L2 table. */
  readonly entryBytes: bigint;
}

function readL1Table(
  bytes: FileBytes,
  header: Buffer,
  { virtualSize, clusterBytes, entryBytes }: L1Bounds,
): Qcow2Table {
  const table = { position: header.readBigUInt64BE(40), entries: BigInt(header.readUInt32BE(36)) };
  const bytesPerEntry = BigInt(clusterBytes) * (BigInt(clusterBytes) / entryBytes);
  const needed = ceilDivide(virtualSize, bytesPerEntry);
  if (table.entries < needed) {
    throw corrupt(`its L1 table has ${table.entries} entries; a disk of ${virtualSize} bytes needs ${needed}`);
  }
  requireTable(bytes, table, {
    what: 'L1 table',
    entryBytes: L1_ENTRY_BYTES,
    maxBytes: MAX_DIRECTORY_BYTES,
    clusterBytes,
  });
  return table;
}

function readTables(
  bytes: FileBytes,
  header: Buffer,
  clusterBytes: number,
): Pick<Qcow2FixedHeader, 'refcountTable' | 'snapshotTable'> {
  const refcountClusters = BigInt(header.readUInt32BE(56));
  if (refcountClusters === 0n) {
    throw corrupt('it has no refcount table');
  }
  const clusterSize = BigInt(clusterBytes);
  const refcountTable = { position: header.readBigUInt64BE(48), entries: (refcountClusters * clusterSize) / 8n };
  const what = 'refcount table';
  requireTable(bytes, refcountTable, { what, entryBytes: 8n, maxBytes: MAX_REFCOUNT_TABLE_BYTES, clusterBytes });
  const snapshotTable = { position: header.readBigUInt64BE(64), entries: BigInt(header.readUInt32BE(60)) };
  const snapshotBytes = BigInt(SNAPSHOT_BYTES);
  requireTable(bytes, snapshotTable, {
    what: 'snapshot table',
    entryBytes: snapshotBytes,
    maxBytes: MAX_SNAPSHOTS * snapshotBytes,
    clusterBytes,
  });
  return { refcountTable, snapshotTable };
}

interface TableBounds {
  readonly what: string;
  readonly entryBytes: bigint;
  readonly maxBytes: bigint;
  readonly clusterBytes: number;
}

/** Performs the checks of `qcow2_validate_table`, and requires the table to be within the file. */
function requireTable(bytes: FileBytes, { position, entries }: Qcow2Table, bounds: TableBounds): void {
  const { what, entryBytes, maxBytes, clusterBytes } = bounds;
  const length = entries * entryBytes;
  if (length > maxBytes) {
    throw corrupt(`its ${what} has ${entries} entries; expected at most ${maxBytes / entryBytes}`);
  }
  if (position % BigInt(clusterBytes) !== 0n || position > MAX_POSITION) {
    throw corrupt(
      `its ${what} begins at byte ${position}; expected the beginning of a cluster of ${clusterBytes} bytes`,
    );
  }
  // An empty table may begin beyond the end of the file.
  if (length > 0n) {
    requireWithin(bytes, position, length, what);
  }
}
