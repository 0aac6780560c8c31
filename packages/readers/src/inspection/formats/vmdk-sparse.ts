import type { FileBytes } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { ceilDivide, MAX_DIRECTORY_BYTES, readExactly, requireWithin } from './header-fields.js';
import { requireDistinctTables } from './require-distinct-tables.js';

export const SECTOR_BYTES = 512n;

const HOSTED_MAGIC = 'KDMV';
const ESX_MAGIC = 'COWD';
const HEADER_BYTES = 512;
const DIRECTORY_ENTRY_BYTES = 4n;
const TABLE_ENTRY_BYTES = 4n;
const ESX_TABLE_ENTRIES = 4096n;
/** The directory position that means: see the footer. The file's last three sectors are a marker, the footer and an end marker. */
const DIRECTORY_IN_FOOTER = 0xffff_ffff_ffff_ffffn;
const FOOTER_FROM_END = 1024;
const DIRECTORY_FIELD = { start: 56, end: 64 };

/** Returns whether a file begins like a sparse extent of VMware's hosted products or of ESX. */
export function isSparseExtent(head: Buffer): boolean {
  return [HOSTED_MAGIC, ESX_MAGIC].includes(head.toString('latin1', 0, 4));
}

/** The fields of a sparse extent's header. */
export interface SparseHeader {
  /** Size of the extent that the guest sees, in sectors. */
  readonly capacity: bigint;
  /** The table that points to the grain tables. `position` and `tableBytes` are in bytes. */
  readonly directory: { readonly position: bigint; readonly entries: bigint; readonly tableBytes: bigint };
}

/**
 * Reads the header of a sparse extent.
 *
 * @throws `HeaderError` if it is damaged, or if it would make qemu open other files.
 */
export async function readSparseHeader(bytes: FileBytes): Promise<SparseHeader> {
  const header = await readExactly(bytes, 0, HEADER_BYTES, 'vmdk header');
  if (!isSparseExtent(header)) {
    throw corrupt('it does not begin with the header of a sparse vmdk extent');
  }
  const sparse = header.toString('latin1', 0, 4) === ESX_MAGIC ? readEsx(header) : await readHosted(bytes, header);
  const { position, entries } = sparse.directory;
  const length = entries * DIRECTORY_ENTRY_BYTES;
  if (length > MAX_DIRECTORY_BYTES) {
    throw corrupt(`its grain directory has ${length} bytes; expected at most ${MAX_DIRECTORY_BYTES}`);
  }
  requireWithin(bytes, position, length, 'grain directory');
  return sparse;
}

/**
 * Requires the grain tables of a sparse extent to lie within the file, each at its own position. qemu reads a table
 * past the end as zeros, so the extent would seem to have no data.
 *
 * @throws `HeaderError` otherwise.
 */
export async function requireGrainTables(bytes: FileBytes, { directory }: SparseHeader): Promise<void> {
  const { position, entries, tableBytes } = directory;
  const length = Number(entries * DIRECTORY_ENTRY_BYTES);
  const table = await readExactly(bytes, Number(position), length, 'grain directory');
  const sectors = new Float64Array(Number(entries));
  let found = 0;
  for (let at = 0; at < length; at += Number(DIRECTORY_ENTRY_BYTES)) {
    const sector = table.readUInt32LE(at);
    if (sector !== 0) {
      requireWithin(bytes, BigInt(sector) * SECTOR_BYTES, tableBytes, 'grain table');
      sectors[found] = sector;
      found += 1;
    }
  }
  const bytesAt = sectors.subarray(0, found).map((sector) => sector * Number(SECTOR_BYTES));
  requireDistinctTables(bytesAt, { what: 'grain directory', tables: 'grain table' });
}

function readEsx(header: Buffer): SparseHeader {
  const capacity = BigInt(header.readUInt32LE(12));
  if (capacity === 0n) {
    throw corrupt('its vmdk header declares an extent of 0 sectors');
  }
  return {
    capacity,
    directory: {
      position: BigInt(header.readUInt32LE(20)) * SECTOR_BYTES,
      entries: BigInt(header.readUInt32LE(24)),
      tableBytes: ESX_TABLE_ENTRIES * TABLE_ENTRY_BYTES,
    },
  };
}

async function readHosted(bytes: FileBytes, header: Buffer): Promise<SparseHeader> {
  const capacity = header.readBigUInt64LE(12);
  if (capacity === 0n) {
    throw refused(
      'its vmdk header has no data of its own but refers to other files; convert it with the program that made it',
    );
  }
  const descriptorSector = header.readBigUInt64LE(28);
  if (descriptorSector > 1n) {
    throw refused(
      `its vmdk descriptor is in sector ${descriptorSector}, expected sector 1; convert it with the program that made it`,
    );
  }
  const grainSectors = header.readBigUInt64LE(20);
  const tableEntries = BigInt(header.readUInt32LE(44));
  if (grainSectors === 0n || tableEntries === 0n) {
    throw corrupt(`its vmdk header declares grains of ${grainSectors} sectors and tables of ${tableEntries} entries`);
  }
  const directory = {
    position: (await findDirectory(bytes, header)) * SECTOR_BYTES,
    entries: ceilDivide(capacity, grainSectors * tableEntries),
    tableBytes: tableEntries * TABLE_ENTRY_BYTES,
  };
  return { capacity, directory };
}

/** Returns the sector of the grain directory. qemu lets a footer replace the header, so the two must agree. */
async function findDirectory(bytes: FileBytes, header: Buffer): Promise<bigint> {
  const sector = header.readBigUInt64LE(DIRECTORY_FIELD.start);
  if (sector !== DIRECTORY_IN_FOOTER) {
    return sector;
  }
  requireWithin(bytes, 0n, BigInt(FOOTER_FROM_END), 'vmdk footer');
  const footer = await readExactly(bytes, bytes.size - FOOTER_FROM_END, HEADER_BYTES, 'vmdk footer');
  const { start, end } = DIRECTORY_FIELD;
  const agrees =
    footer.subarray(0, start).equals(header.subarray(0, start)) && footer.subarray(end).equals(header.subarray(end));
  if (!agrees || footer.readBigUInt64LE(start) === DIRECTORY_IN_FOOTER) {
    throw refused('its vmdk footer contradicts its header; restore it from a good copy');
  }
  return footer.readBigUInt64LE(start);
}
