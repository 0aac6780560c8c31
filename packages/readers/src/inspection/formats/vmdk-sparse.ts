import type { FileBytes } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { ceilDivide, readExactly, requireWithin } from './header-fields.js';
import { requireGrainDirectory, SECTOR_BYTES, type SparseHeader } from './vmdk-grain-tables.js';
import { readSeSparse, SE_SPARSE_MAGIC } from './vmdk-sesparse.js';

const HEADER_BYTES = 512;
/** The kinds of extents, each with its magic and header reader: of hosted products, of ESX, and of ESXi since 6.5. */
const KINDS = [
  { magic: Buffer.from('KDMV'), readHeader: readHosted },
  { magic: Buffer.from('COWD'), readHeader: readEsx },
  { magic: SE_SPARSE_MAGIC, readHeader: readSeSparse },
];
const ENTRY_BYTES = 4;
const ESX_TABLE_ENTRIES = 4096n;
/** The kinds under which a descriptor can list an extent with either of the two older headers: qemu accepts both. */
const DESCRIBED_AS = ['SPARSE', 'VMFSSPARSE'];
/**
 * A position of the grain directory with this value refers to the footer, which states the real position. The file's
 * last three sectors are a marker, the footer and an end marker.
 */
const DIRECTORY_IN_FOOTER = 0xffff_ffff_ffff_ffffn;
const FOOTER_FROM_END = 1024;
const DIRECTORY_FIELD = { start: 56, end: 64 };

/** Returns whether a file begins like a sparse extent of any VMware product. */
export function isSparseExtent(head: Buffer): boolean {
  return kindOf(head) !== undefined;
}

function kindOf(head: Buffer): (typeof KINDS)[number] | undefined {
  return KINDS.find(({ magic }) => head.subarray(0, magic.length).equals(magic));
}

/**
 * Reads the header of a sparse extent.
 *
 * @throws `HeaderError` if the header is damaged, contradicts the footer, would make qemu open other files or has a
 * form that is not supported; if the grain directory is invalid; or if the file cannot be read.
 */
export async function readSparseHeader(bytes: FileBytes): Promise<SparseHeader> {
  const header = await readExactly(bytes, 0, HEADER_BYTES, 'vmdk header');
  const kind = kindOf(header);
  if (kind === undefined) {
    throw corrupt('it does not begin with the header of a sparse vmdk extent');
  }
  const sparse = await kind.readHeader(bytes, header);
  requireGrainDirectory(bytes, sparse);
  return sparse;
}

async function readEsx(_bytes: FileBytes, header: Buffer): Promise<SparseHeader> {
  const capacity = BigInt(header.readUInt32LE(12));
  const grainSectors = BigInt(header.readUInt32LE(16));
  if (capacity === 0n || grainSectors === 0n) {
    throw corrupt(`its vmdk header declares an extent of ${capacity} sectors in grains of ${grainSectors} sectors`);
  }
  return {
    kinds: DESCRIBED_AS,
    capacity,
    directory: {
      position: BigInt(header.readUInt32LE(20)) * SECTOR_BYTES,
      entries: BigInt(header.readUInt32LE(24)),
      ...tablesOf(ESX_TABLE_ENTRIES, grainSectors),
    },
  };
}

/** Returns the properties of grain tables whose positions are sectors in 32-bit numbers. */
function tablesOf(tableEntries: bigint, grainSectors: bigint) {
  return {
    entryBytes: ENTRY_BYTES,
    tableBytes: tableEntries * BigInt(ENTRY_BYTES),
    coverage: tableEntries * grainSectors,
    tableAt: (directory: Buffer, at: number) => BigInt(directory.readUInt32LE(at)),
  } as const;
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
  const tables = tablesOf(tableEntries, grainSectors);
  const directory = {
    position: (await findDirectory(bytes, header)) * SECTOR_BYTES,
    entries: ceilDivide(capacity, tables.coverage),
    ...tables,
  };
  return { kinds: DESCRIBED_AS, capacity, directory };
}

/**
 * Returns the sector of the grain directory. qemu lets a footer replace the header, so the two must agree in everything
 * except the position of the grain directory.
 *
 * @throws `HeaderError` if they do not agree, or if the footer cannot be read.
 */
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
