import type { FileBytes } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { readExactly, requireWithin } from './header-fields.js';
import { SECTOR_BYTES, type SparseHeader } from './vmdk-grain-tables.js';

const HEADER_BYTES = 512;
export const SE_SPARSE_MAGIC = Buffer.from('bebafeca00000000', 'hex');
const VOLATILE_MAGIC = 0xcafe_cafen;
const VERSION = 0x2_0000_0001n;
const GRAIN_SECTORS = 8n;
const TABLE_SECTORS = 64n;
const ENTRY_BYTES = 8;
const TABLE_BYTES = TABLE_SECTORS * SECTOR_BYTES;
const TABLE_ENTRIES = TABLE_BYTES / BigInt(ENTRY_BYTES);
/** Byte offsets of fields in the header. The positions and sizes in these fields are in sectors. */
const VERSION_FIELD = 8;
const CAPACITY_FIELD = 16;
const GRAIN_FIELD = 24;
const TABLE_FIELD = 32;
const FLAGS_FIELD = 40;
/**
 * The range of the header that contains the positions and sizes of the extent's parts. The bytes from the flags to this
 * range, and the bytes after it, must be zeros.
 */
const PART_FIELDS = { start: 80, end: 208 };
const VOLATILE_HEADER_FIELD = 80;
const DIRECTORY_FIELD = 128;
const DIRECTORY_SIZE_FIELD = 136;
const TABLES_FIELD = 144;
/**
 * The position, in the volatile header, of the field that says whether the journal must be replayed. This field and all
 * bytes after it must be zeros.
 */
const REPLAY_FIELD = 24;
/** qemu keeps the position of a grain table in 32 bits. */
const MAX_TABLE_SECTOR = 0xffff_ffffn;
/** The upper half of an entry that points to a grain table. */
const ALLOCATED = 0x1000_0000;

/**
 * Reads the header of a seSparse extent, which ESXi 6.5 and later write for snapshots. The format is not published; the
 * checks are those of `vmdk_open_se_sparse` in qemu's block/vmdk.c.
 *
 * @param header the file's first 512 bytes, which begin with the magic
 * @throws `HeaderError` if the header is damaged, if qemu would refuse it, or if the file cannot be read.
 */
export async function readSeSparse(bytes: FileBytes, header: Buffer): Promise<SparseHeader> {
  requireKnownForm(header);
  await requireReplayed(bytes, header.readBigUInt64LE(VOLATILE_HEADER_FIELD) * SECTOR_BYTES);
  const capacity = header.readBigUInt64LE(CAPACITY_FIELD);
  if (capacity === 0n) {
    throw corrupt('its seSparse header declares an extent of 0 sectors');
  }
  const tables = header.readBigUInt64LE(TABLES_FIELD);
  return {
    kinds: ['SESPARSE'],
    capacity,
    directory: {
      position: header.readBigUInt64LE(DIRECTORY_FIELD) * SECTOR_BYTES,
      entries: (header.readBigUInt64LE(DIRECTORY_SIZE_FIELD) * SECTOR_BYTES) / BigInt(ENTRY_BYTES),
      entryBytes: ENTRY_BYTES,
      tableBytes: TABLE_BYTES,
      coverage: TABLE_ENTRIES * GRAIN_SECTORS,
      tableAt: (directory, at) => tableSector(directory, at, tables),
    },
  };
}

function requireKnownForm(header: Buffer): void {
  const isKnown =
    header.readBigUInt64LE(VERSION_FIELD) === VERSION &&
    header.readBigUInt64LE(GRAIN_FIELD) === GRAIN_SECTORS &&
    header.readBigUInt64LE(TABLE_FIELD) === TABLE_SECTORS;
  const { start, end } = PART_FIELDS;
  const reserved = [...header.subarray(FLAGS_FIELD, start), ...header.subarray(end)];
  if (!isKnown || reserved.some((byte) => byte !== 0)) {
    throw refused('its seSparse header has an unknown form; clone the disk with vmkfstools -i on the ESXi host');
  }
}

/**
 * Requires a volatile header that says that the journal need not be replayed, and whose padding is zero.
 *
 * @throws `HeaderError` if the volatile header is missing or damaged, if the journal may have to be replayed, or if the
 * padding is not zero.
 */
async function requireReplayed(bytes: FileBytes, position: bigint): Promise<void> {
  const what = 'seSparse volatile header';
  requireWithin(bytes, position, BigInt(HEADER_BYTES), what);
  const header = await readExactly(bytes, Number(position), HEADER_BYTES, what);
  if (header.readBigUInt64LE(0) !== VOLATILE_MAGIC) {
    throw corrupt(`its ${what} has no signature`);
  }
  if (header.subarray(REPLAY_FIELD).some((byte) => byte !== 0)) {
    throw refused(
      'its journal may have changes that are not in its tables yet; clone the disk with vmkfstools -i on the ESXi host',
    );
  }
}

function tableSector(directory: Buffer, at: number, tables: bigint): bigint {
  const [index, flags] = [directory.readUInt32LE(at), directory.readUInt32LE(at + 4)];
  if (index === 0 && flags === 0) {
    return 0n;
  }
  const sector = tables + BigInt(index) * TABLE_SECTORS;
  if (flags !== ALLOCATED || sector === 0n || sector > MAX_TABLE_SECTOR) {
    throw corrupt(`its grain directory has an invalid entry, 0x${directory.readBigUInt64LE(at).toString(16)}`);
  }
  return sector;
}
