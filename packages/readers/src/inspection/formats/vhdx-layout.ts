import type { FileBytes } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { crc32c } from './crc32c.js';
import { readExactly, requireWithin } from './header-fields.js';

const KIB = 1024;
/** Positions of the header and its copy, in bytes. The valid header with the higher sequence number is used. */
const HEADERS = [64 * KIB, 128 * KIB];
const HEADER_BYTES = 4 * KIB;
const HEADER_VERSION = 1;
const SEQUENCE_FIELD = 8;
const LOG_ID_FIELD = { start: 48, end: 64 };
const VERSION_FIELD = 66;
const LOG_LENGTH_FIELD = 68;
const LOG_POSITION_FIELD = 72;
/** Positions of the region table and its copy, in bytes. */
const REGION_TABLES = [192 * KIB, 256 * KIB];
const REGION_SIGNATURE = 'regi';
const TABLE_BYTES = 64 * KIB;
const CHECKSUM_FIELD = { start: 4, end: 8 };
const ENTRY_BYTES = 32;
const MAX_ENTRIES = 2047;

const METADATA_REGION = guid('8b7ca206-4790-4b9a-b8fe-575f050f886e');
const BLOCK_MAP_REGION = guid('2dc27766-f623-4200-9d64-115e9bfd4a08');
const FILE_PARAMETERS = guid('caa16737-fa36-4d43-b3b6-33f0aa44e76b');
const VIRTUAL_DISK_SIZE = guid('2fa54224-cd1b-4876-b211-5dbed83bf4b8');
const LOGICAL_SECTOR_SIZE = guid('8141bf1d-a96f-4709-ba47-f233a8faab5f');
/**
 * Further items of metadata, which do not affect the content: two properties that a guest sees, and the parent's name.
 */
const OTHER_METADATA = [
  guid('beca12ab-b2e6-4523-93ef-c309e000c746'),
  guid('cda348c7-445d-4471-9cc9-e9885251c556'),
  guid('a8d35f2d-b30b-454d-abf7-d3d84834ab0c'),
];
const HAS_PARENT = 2;
/**
 * The flags that say that a program must understand an entry to open the file: in entries of the region table, and in
 * entries of the metadata table.
 */
const REGION_REQUIRED = { at: 28, bit: 1 };
const METADATA_REQUIRED = { at: 24, bit: 4 };

/** A part of the file. `position` and `length` are in bytes. */
interface Region {
  readonly position: bigint;
  readonly length: number;
}

/** The location of a VHDX's block map, and the units that it maps. */
export interface VhdxLayout {
  /** Bytes that the guest sees. */
  readonly virtualSize: bigint;
  readonly blockBytes: number;
  /** Bytes of the guest's sectors. */
  readonly sectorBytes: number;
  readonly blockMap: Region;
  /** The parts of the file that contain no data: the block map, the metadata and the log. */
  readonly regions: readonly Region[];
  /** Whether a writer left a log, whose changes may not be in the block map and the data yet. */
  readonly hasLog: boolean;
}

/**
 * Reads the layout of a VHDX.
 *
 * Format: Microsoft's [MS-VHDX]
 *
 * @throws `HeaderError` if a header, a table or a checksum is invalid, if a table is not within the file, if the disk
 * has a parent, if the file requires a part that is unknown here, or if the file cannot be read.
 */
export async function readVhdxLayout(bytes: FileBytes): Promise<VhdxLayout> {
  const table = await readRegionTable(bytes);
  const regions = entriesOf(table, 16, table.readUInt32LE(8));
  requireKnown(regions, [METADATA_REGION, BLOCK_MAP_REGION], REGION_REQUIRED);
  const map = findEntry(regions, BLOCK_MAP_REGION, 'block map');
  const blockMap = regionOf(map);
  requireWithin(bytes, blockMap.position, BigInt(blockMap.length), 'block map');
  const metadataRegion = regionOf(findEntry(regions, METADATA_REGION, 'metadata region'));
  requireWithin(bytes, metadataRegion.position, BigInt(TABLE_BYTES), 'metadata region');
  const metadata = await readMetadata(bytes, Number(metadataRegion.position));
  // Checked after the metadata, so that an image with a parent is not reported as damaged instead.
  if (!isSound(table, REGION_SIGNATURE)) {
    throw corrupt('neither of its region tables has a valid checksum');
  }
  const header = await readCurrentHeader(bytes);
  const log = { position: header.readBigUInt64LE(LOG_POSITION_FIELD), length: header.readUInt32LE(LOG_LENGTH_FIELD) };
  return { ...metadata, blockMap, regions: [blockMap, metadataRegion, log], hasLog: hasLog(header) };
}

function regionOf(entry: Buffer): Region {
  return { position: entry.readBigUInt64LE(16), length: entry.readUInt32LE(24) };
}

function hasLog(header: Buffer): boolean {
  const { start, end } = LOG_ID_FIELD;
  return header.readUInt32LE(LOG_LENGTH_FIELD) !== 0 && header.subarray(start, end).some((byte) => byte !== 0);
}

/**
 * Returns the valid header with the higher sequence number. A crash can damage one of the two headers, and some
 * programs leave two equal headers.
 *
 * @throws `HeaderError` if neither is valid, or if two different headers have the same sequence number.
 */
async function readCurrentHeader(bytes: FileBytes): Promise<Buffer> {
  const headers: Buffer[] = [];
  for (const position of HEADERS) {
    const header = await readExactly(bytes, position, HEADER_BYTES, 'vhdx header');
    if (isSound(header, 'head') && header.readUInt16LE(VERSION_FIELD) === HEADER_VERSION) {
      headers.push(header);
    }
  }
  const [first, second = first] = headers;
  if (first === undefined || second === undefined) {
    throw corrupt('neither of its vhdx headers is valid');
  }
  const [one, other] = [first, second].map((header) => header.readBigUInt64LE(SEQUENCE_FIELD));
  if (one === other && !first.equals(second)) {
    throw corrupt('its two vhdx headers differ and have the same sequence number');
  }
  return one! >= other! ? first : second;
}

/**
 * Returns whether `bytes` begin with `signature` and contain their correct CRC-32C, which is calculated as if the field
 * of the checksum contained zeros.
 */
function isSound(bytes: Buffer, signature: string): boolean {
  const { start, end } = CHECKSUM_FIELD;
  const summed = Buffer.from(bytes);
  summed.fill(0, start, end);
  return bytes.toString('latin1', 0, 4) === signature && bytes.readUInt32LE(start) === crc32c(summed);
}

/**
 * Returns the first valid region table, or else the first with a signature, because a crash can damage one of the two.
 *
 * @throws `HeaderError` if neither has a signature.
 */
async function readRegionTable(bytes: FileBytes): Promise<Buffer> {
  const tables: Buffer[] = [];
  for (const position of REGION_TABLES) {
    tables.push(await readExactly(bytes, position, TABLE_BYTES, 'region table'));
  }
  const table =
    tables.find((each) => isSound(each, REGION_SIGNATURE)) ??
    tables.find((each) => each.toString('latin1', 0, 4) === REGION_SIGNATURE);
  if (table === undefined) {
    throw corrupt('neither of its region tables has a signature');
  }
  return table;
}

async function readMetadata(
  bytes: FileBytes,
  region: number,
): Promise<Omit<VhdxLayout, 'blockMap' | 'regions' | 'hasLog'>> {
  const table = await readExactly(bytes, region, TABLE_BYTES, 'metadata table');
  if (table.toString('latin1', 0, 8) !== 'metadata') {
    throw corrupt('its metadata table has no signature');
  }
  const entries = entriesOf(table, 32, table.readUInt16LE(10));
  const item = (id: Buffer, length: number, what: string) =>
    readExactly(bytes, region + findEntry(entries, id, what).readUInt32LE(16), length, what);
  const parameters = await item(FILE_PARAMETERS, 8, 'file parameters');
  if ((parameters.readUInt32LE(4) & HAS_PARENT) !== 0) {
    throw refused('it is a differencing vhdx image, whose parent cannot be followed; merge it with Merge-VHD first');
  }
  const known = [FILE_PARAMETERS, VIRTUAL_DISK_SIZE, LOGICAL_SECTOR_SIZE, ...OTHER_METADATA];
  requireKnown(entries, known, METADATA_REQUIRED);
  const size = await item(VIRTUAL_DISK_SIZE, 8, 'virtual disk size');
  const sectorSize = await item(LOGICAL_SECTOR_SIZE, 4, 'logical sector size');
  return {
    virtualSize: size.readBigUInt64LE(0),
    blockBytes: parameters.readUInt32LE(0),
    sectorBytes: sectorSize.readUInt32LE(0),
  };
}

function entriesOf(table: Buffer, start: number, count: number): Buffer[] {
  if (count > MAX_ENTRIES) {
    throw corrupt(`one of its tables declares ${count} entries; expected at most ${MAX_ENTRIES}`);
  }
  return Array.from({ length: count }, (_, index) => {
    const position = start + index * ENTRY_BYTES;
    return table.subarray(position, position + ENTRY_BYTES);
  }).filter((entry) => entry.length === ENTRY_BYTES);
}

/**
 * Requires that the ID of each entry is in `known` if the entry's flag says that a program must understand it. The flag
 * is `bit` of the number at byte `at` of the entry.
 *
 * @throws `HeaderError` if the ID of such an entry is not in `known`.
 */
function requireKnown(entries: readonly Buffer[], known: readonly Buffer[], { at, bit }: { at: number; bit: number }) {
  for (const entry of entries) {
    const id = entry.subarray(0, 16);
    if ((entry.readUInt32LE(at) & bit) !== 0 && !known.some((other) => other.equals(id))) {
      throw refused(
        `it requires a part that is unknown here, ${id.toString('hex')}; convert it with Convert-VHD first`,
      );
    }
  }
}

function findEntry(entries: readonly Buffer[], id: Buffer, what: string): Buffer {
  const [entry, ...others] = entries.filter((candidate) => candidate.subarray(0, 16).equals(id));
  if (entry === undefined || others.length > 0) {
    throw corrupt(`it has ${entry === undefined ? 'no' : 'more than one'} ${what}`);
  }
  return entry;
}

/** Encodes a GUID as it is stored in the file: the first three groups are little-endian. */
function guid(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
