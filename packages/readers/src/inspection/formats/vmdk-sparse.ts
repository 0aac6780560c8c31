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
/** Stands for "in the footer", three sectors before the end of the file: a marker, the footer, an end marker. */
const DIRECTORY_IN_FOOTER = 0xffff_ffff_ffff_ffffn;
const FOOTER_FROM_END = 1024;
const DIRECTORY_FIELD = { start: 56, end: 64 };

/** Whether a file begins as a sparse extent of VMware's hosted products or of ESX. */
export function isSparseExtent(head: Buffer): boolean {
  return [HOSTED_MAGIC, ESX_MAGIC].includes(head.toString('latin1', 0, 4));
}

/** What the header of a sparse extent says. */
export interface SparseHeader {
  /** Sectors that the guest sees of the extent. */
  readonly capacity: bigint;
  /** The table that leads to the tables of grains. Bytes, but for its entries. */
  readonly directory: { readonly position: bigint; readonly entries: bigint; readonly tableBytes: bigint };
}

/**
 * Reads the header of a sparse extent.
 *
 * @throws `HeaderError` where it is damaged, and where it would have qemu open other files.
 */
export async function readSparseHeader(bytes: FileBytes): Promise<SparseHeader> {
  const header = await readExactly(bytes, 0, HEADER_BYTES, 'vmdk header');
  if (!isSparseExtent(header)) {
    throw corrupt('it has no header of a sparse vmdk extent');
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
 * @throws `HeaderError` unless the grain tables of a sparse extent lie within the file, each at a position of its own:
 *   qemu reads a table past the end as zeros, which would mean an extent without data.
 */
export async function requireGrainTables(bytes: FileBytes, { directory }: SparseHeader): Promise<void> {
  const { position, entries, tableBytes } = directory;
  const length = Number(entries * DIRECTORY_ENTRY_BYTES);
  const table = await readExactly(bytes, Number(position), length, 'grain directory');
  const positions = new Float64Array(Number(entries));
  let found = 0;
  for (let at = 0; at < length; at += Number(DIRECTORY_ENTRY_BYTES)) {
    const sector = table.readUInt32LE(at);
    if (sector !== 0) {
      requireWithin(bytes, BigInt(sector) * SECTOR_BYTES, tableBytes, 'grain table');
      positions[found] = sector;
      found += 1;
    }
  }
  const bytesAt = positions.subarray(0, found).map((sector) => sector * Number(SECTOR_BYTES));
  requireDistinctTables(bytesAt, { what: 'grain directory', tables: 'grain table' });
}

function readEsx(header: Buffer): SparseHeader {
  const capacity = BigInt(header.readUInt32LE(12));
  if (capacity === 0n) {
    throw corrupt('its vmdk header says an extent of 0 sectors');
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
      'its vmdk header holds no data itself but leads to other files; convert it with the program that made it',
    );
  }
  const descriptorSector = header.readBigUInt64LE(28);
  if (descriptorSector > 1n) {
    throw refused(
      `its vmdk descriptor stands in sector ${descriptorSector}, expected sector 1; convert it with the program that made it`,
    );
  }
  const grainSectors = header.readBigUInt64LE(20);
  const tableEntries = BigInt(header.readUInt32LE(44));
  if (grainSectors === 0n || tableEntries === 0n) {
    throw corrupt(`its vmdk header says grains of ${grainSectors} sectors and tables of ${tableEntries} entries`);
  }
  const directory = {
    position: (await findDirectory(bytes, header)) * SECTOR_BYTES,
    entries: ceilDivide(capacity, grainSectors * tableEntries),
    tableBytes: tableEntries * TABLE_ENTRY_BYTES,
  };
  return { capacity, directory };
}

/** The sector of the grain directory. A footer replaces the header in qemu's eyes, so it must say the same. */
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
