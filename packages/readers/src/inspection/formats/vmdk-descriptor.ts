import type { ExtentReference, FileBytes } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { headerText, requireWithin } from './header-fields.js';
import { readSparseHeader, requireGrainTables, SECTOR_BYTES } from './vmdk-sparse.js';

export const DESCRIPTOR_SIGNATURE = '# Disk DescriptorFile';

/** What qemu may take for the beginning of an extent. */
const EXTENT_START = /^\s*(RW|RDONLY|NOACCESS)\b/;
/**
 * `RW 4192256 FLAT "disk-f001.vmdk" 0`: access, sectors, kind, file, first sector. Stricter than qemu, which takes line
 * ends for blanks and cuts long names, so that both see the same files.
 */
const EXTENT_LINE =
  /^\s*(RW|RDONLY|NOACCESS)[ \t]+(\d{1,18})[ \t]+(\w+)[ \t]+"([^"\r]{1,511})"(?:[ \t]+(\d{1,18}))?\s*$/;
const FLAT_KINDS = ['FLAT', 'VMFS'];
const SPARSE_KINDS = ['SPARSE', 'VMFSSPARSE'];

/** What a text descriptor says of the disk's extents. */
export interface VmdkDescriptor {
  /** Bytes. */
  readonly virtualSize: bigint;
  readonly extents: readonly ExtentReference[];
}

/** Reads a descriptor, given as one character a byte. Throws `HeaderError` on extents that qemu does not read either. */
export function readDescriptor(text: string): VmdkDescriptor {
  const lines = text.split('\n').filter((line) => EXTENT_START.test(line));
  if (lines.length === 0) {
    throw corrupt('its vmdk descriptor lists no extents');
  }
  const extents = lines.map(readExtentLine);
  return { virtualSize: extents.reduce((total, { sectors }) => total + sectors, 0n) * SECTOR_BYTES, extents };
}

interface DescriptorExtent extends ExtentReference {
  readonly sectors: bigint;
}

function readExtentLine(line: string): DescriptorExtent {
  const [, access, count, kind, name, first] = EXTENT_LINE.exec(line) ?? [];
  if (access === undefined || count === undefined || kind === undefined || name === undefined) {
    throw corrupt(`its vmdk descriptor has an extent that cannot be read: ${JSON.stringify(line)}`);
  }
  if (access !== 'RW' || !(FLAT_KINDS.includes(kind) || SPARSE_KINDS.includes(kind))) {
    throw refused(`its vmdk descriptor has a ${access} ${kind} extent, which is not supported; convert it first`);
  }
  const sectors = BigInt(count);
  const check = SPARSE_KINDS.includes(kind) ? checkSparse(sectors) : checkFlat(sectors, BigInt(first ?? '0'));
  return { name: headerText(Buffer.from(name, 'latin1'), "extent file's name"), sectors, check };
}

function checkFlat(sectors: bigint, first: bigint): ExtentReference['check'] {
  return async (bytes: FileBytes) => requireWithin(bytes, first * SECTOR_BYTES, sectors * SECTOR_BYTES, 'data');
}

function checkSparse(sectors: bigint): ExtentReference['check'] {
  return async (bytes: FileBytes) => {
    const header = await readSparseHeader(bytes);
    if (header.capacity < sectors) {
      throw corrupt(`it has ${header.capacity} sectors; the vmdk descriptor says ${sectors}`);
    }
    // At once, as nobody else knows that the file is a sparse extent. Such files have two gibibytes at most, as a rule.
    await requireGrainTables(bytes, header);
  };
}
