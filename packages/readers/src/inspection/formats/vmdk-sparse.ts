import type { FileBytes } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { partsOf, readExactly, requireWithin } from './header-fields.js';

export const SECTOR_BYTES = 512n;

const HOSTED_MAGIC = 'KDMV';
const ESX_MAGIC = 'COWD';
const HEADER_BYTES = 512;
/** Stands for "in the footer", three sectors before the end of the file: a marker, the footer, an end marker. */
const DIRECTORY_IN_FOOTER = 0xffff_ffff_ffff_ffffn;
const FOOTER_FROM_END = 1024;
const DIRECTORY_FIELD = { start: 56, end: 64 };

/** Whether a file begins as a sparse extent of VMware's hosted products or of ESX. */
export function isSparseExtent(head: Buffer): boolean {
  return [HOSTED_MAGIC, ESX_MAGIC].includes(head.toString('latin1', 0, 4));
}

/**
 * Reads the header of a sparse extent: how many sectors the guest sees of it. Throws `HeaderError` where it is damaged,
 * and where it would have qemu open other files.
 */
export async function readSparseHeader(bytes: FileBytes): Promise<{ readonly capacity: bigint }> {
  const header = await readExactly(bytes, 0, HEADER_BYTES, 'vmdk header');
  if (!isSparseExtent(header)) {
    throw corrupt('it has no header of a sparse vmdk extent');
  }
  return {
    capacity: header.toString('latin1', 0, 4) === ESX_MAGIC ? readEsx(bytes, header) : await readHosted(bytes, header),
  };
}

function readEsx(bytes: FileBytes, header: Buffer): bigint {
  const directory = BigInt(header.readUInt32LE(20)) * SECTOR_BYTES;
  requireWithin(bytes, directory, BigInt(header.readUInt32LE(24)) * 4n, 'grain directory');
  return BigInt(header.readUInt32LE(12));
}

async function readHosted(bytes: FileBytes, header: Buffer): Promise<bigint> {
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
  const directorySector = await findDirectory(bytes, header);
  const directoryBytes = partsOf(capacity, grainSectors * tableEntries) * 4n;
  requireWithin(bytes, directorySector * SECTOR_BYTES, directoryBytes, 'grain directory');
  return capacity;
}

/** The sector of the grain directory. A footer replaces the header in qemu's eyes, so it must say the same. */
async function findDirectory(bytes: FileBytes, header: Buffer): Promise<bigint> {
  const sector = header.readBigUInt64LE(DIRECTORY_FIELD.start);
  if (sector !== DIRECTORY_IN_FOOTER) {
    return sector;
  }
  const footer = await readExactly(bytes, bytes.size - FOOTER_FROM_END, HEADER_BYTES, 'vmdk footer');
  const { start, end } = DIRECTORY_FIELD;
  const agrees =
    footer.subarray(0, start).equals(header.subarray(0, start)) && footer.subarray(end).equals(header.subarray(end));
  if (!agrees || footer.readBigUInt64LE(start) === DIRECTORY_IN_FOOTER) {
    throw refused('its vmdk footer contradicts its header; restore it from a good copy');
  }
  return footer.readBigUInt64LE(start);
}
