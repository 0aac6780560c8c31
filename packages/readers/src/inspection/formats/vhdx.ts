import type { FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { ceilDivide, countableSize, isPowerOfTwo, readExactly, requireWithin } from './header-fields.js';

const MAGIC = Buffer.from('vhdxfile', 'latin1');
const KIB = 1024;
/** Positions of the region table and its copy. */
const REGION_TABLES = [192 * KIB, 256 * KIB];
const TABLE_BYTES = 64 * KIB;
const ENTRY_BYTES = 32;
const MAX_ENTRIES = 2047;

const METADATA_REGION = guid('8b7ca206-4790-4b9a-b8fe-575f050f886e');
const BLOCK_MAP_REGION = guid('2dc27766-f623-4200-9d64-115e9bfd4a08');
const FILE_PARAMETERS = guid('caa16737-fa36-4d43-b3b6-33f0aa44e76b');
const VIRTUAL_DISK_SIZE = guid('2fa54224-cd1b-4876-b211-5dbed83bf4b8');
const LOGICAL_SECTOR_SIZE = guid('8141bf1d-a96f-4709-ba47-f233a8faab5f');
const HAS_PARENT = 2;

const MIN_BLOCK_BYTES = 1024 * KIB;
const MAX_BLOCK_BYTES = 256 * 1024 * KIB;
const SECTOR_SIZES = [512, 4096];
/** Sectors in a chunk. In the block map, one bitmap follows the blocks of each chunk. */
const SECTORS_PER_CHUNK = 2 ** 23;
const ENTRY_OF_MAP_BYTES = 8;

/** Hyper-V's virtual hard disk, version 2, according to Microsoft's [MS-VHDX]. */
export const vhdx: FormatInspector = {
  format: 'vhdx',
  recognize: ({ head }) => (head.subarray(0, 8).equals(MAGIC) ? 'head' : undefined),
  readHeader,
};

async function readHeader(bytes: FileBytes): Promise<FormatHeader> {
  const regions = await readRegions(bytes);
  const blockMap = findEntry(regions, BLOCK_MAP_REGION, 'block map');
  requireWithin(bytes, blockMap.readBigUInt64LE(16), BigInt(blockMap.readUInt32LE(24)), 'block map');
  const metadata = findEntry(regions, METADATA_REGION, 'metadata region');
  const position = metadata.readBigUInt64LE(16);
  requireWithin(bytes, position, BigInt(TABLE_BYTES), 'metadata region');
  const { virtualSize, ...geometry } = await readMetadata(bytes, Number(position));
  requireBlockMap(virtualSize, geometry, blockMap.readUInt32LE(24));
  return { virtualSize: countableSize(virtualSize) };
}

interface Geometry {
  readonly blockBytes: number;
  readonly sectorBytes: number;
}

/**
 * Requires a block map with an entry for each block of the disk, and one for each sector bitmap that follows the blocks
 * of a chunk. The count is that of `vhdx_calc_bat_entries` in qemu's block/vhdx.c: for a disk of 0 bytes, it exceeds
 * most block maps.
 *
 * @throws `HeaderError` if the block map has fewer entries.
 */
function requireBlockMap(virtualSize: bigint, { blockBytes, sectorBytes }: Geometry, mapBytes: number): void {
  if (!isPowerOfTwo(blockBytes) || blockBytes < MIN_BLOCK_BYTES || blockBytes > MAX_BLOCK_BYTES) {
    throw corrupt(
      `it declares blocks of ${blockBytes} bytes; expected a power of two from ${MIN_BLOCK_BYTES} to ${MAX_BLOCK_BYTES}`,
    );
  }
  if (!SECTOR_SIZES.includes(sectorBytes)) {
    throw corrupt(`it declares sectors of ${sectorBytes} bytes; expected ${SECTOR_SIZES.join(' or ')}`);
  }
  const entries = Math.floor(mapBytes / ENTRY_OF_MAP_BYTES);
  const blocks = ceilDivide(virtualSize, BigInt(blockBytes));
  const blocksPerChunk = BigInt((SECTORS_PER_CHUNK * sectorBytes) / blockBytes);
  const bitmaps = BigInt.asUintN(32, blocks - 1n) / blocksPerChunk;
  if (blocks + bitmaps > BigInt(entries)) {
    throw corrupt(
      `its block map has room for ${entries} entries; a disk of ${virtualSize} bytes needs ${blocks + bitmaps}`,
    );
  }
}

async function readMetadata(bytes: FileBytes, region: number): Promise<Geometry & { readonly virtualSize: bigint }> {
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
  const size = await item(VIRTUAL_DISK_SIZE, 8, 'virtual disk size');
  const sectorSize = await item(LOGICAL_SECTOR_SIZE, 4, 'logical sector size');
  return {
    virtualSize: size.readBigUInt64LE(0),
    blockBytes: parameters.readUInt32LE(0),
    sectorBytes: sectorSize.readUInt32LE(0),
  };
}

/** Reads the entries of the first region table with a signature: a crash may have damaged one of the two. */
async function readRegions(bytes: FileBytes): Promise<Buffer[]> {
  for (const position of REGION_TABLES) {
    const table = await readExactly(bytes, position, TABLE_BYTES, 'region table');
    if (table.toString('latin1', 0, 4) === 'regi') {
      return entriesOf(table, 16, table.readUInt32LE(8));
    }
  }
  throw corrupt('neither of its region tables has a signature');
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

function findEntry(entries: readonly Buffer[], id: Buffer, what: string): Buffer {
  const entry = entries.find((candidate) => candidate.subarray(0, 16).equals(id));
  if (entry === undefined) {
    throw corrupt(`it has no ${what}`);
  }
  return entry;
}

/** Encodes a GUID as in the file: the first three groups are little-endian. */
function guid(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
