import type { FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt } from '../header-error.js';
import { ceilDivide, countableSize, isPowerOfTwo } from './header-fields.js';
import { readVhdxLayout, type VhdxLayout } from './vhdx-layout.js';

const MAGIC = Buffer.from('vhdxfile', 'latin1');
const MIN_BLOCK_BYTES = 1024 * 1024;
const MAX_BLOCK_BYTES = 256 * MIN_BLOCK_BYTES;
const SECTOR_SIZES = [512, 4096];
/** Sectors in a chunk. In the block map, the entry for a sector bitmap follows the entries for each chunk's blocks. */
const SECTORS_PER_CHUNK = 2 ** 23;
/** Bytes of an entry of the block map. */
export const BLOCK_MAP_ENTRY_BYTES = 8;

/** Hyper-V's virtual hard disk, version 2, according to Microsoft's [MS-VHDX]. */
export const vhdx: FormatInspector = {
  format: 'vhdx',
  recognize: ({ head }) => (head.subarray(0, 8).equals(MAGIC) ? 'head' : undefined),
  readHeader,
};

async function readHeader(bytes: FileBytes): Promise<FormatHeader> {
  const layout = await readVhdxLayout(bytes);
  requireUnits(layout);
  requireBlockMap(layout);
  return { virtualSize: countableSize(layout.virtualSize) };
}

function requireUnits({ virtualSize, blockBytes, sectorBytes }: VhdxLayout): void {
  if (!isPowerOfTwo(blockBytes) || blockBytes < MIN_BLOCK_BYTES || blockBytes > MAX_BLOCK_BYTES) {
    throw corrupt(
      `it declares blocks of ${blockBytes} bytes; expected a power of two from ${MIN_BLOCK_BYTES} to ${MAX_BLOCK_BYTES}`,
    );
  }
  if (!SECTOR_SIZES.includes(sectorBytes)) {
    throw corrupt(`it declares sectors of ${sectorBytes} bytes; expected ${SECTOR_SIZES.join(' or ')}`);
  }
  if (virtualSize % BigInt(sectorBytes) !== 0n) {
    throw corrupt(`it declares a disk of ${virtualSize} bytes; expected whole sectors of ${sectorBytes} bytes`);
  }
}

/** Returns how many entries for blocks precede each entry for a sector bitmap in an image's block map. */
export function blocksPerChunk({ blockBytes, sectorBytes }: Pick<VhdxLayout, 'blockBytes' | 'sectorBytes'>): number {
  return (SECTORS_PER_CHUNK * sectorBytes) / blockBytes;
}

/**
 * Requires a block map with an entry for each block of the disk and, after the blocks of each chunk except the last, an
 * entry for a sector bitmap. The entries are counted as in `vhdx_calc_bat_entries` of qemu's block/vhdx.c. For a disk
 * of 0 bytes, that count is larger than most block maps.
 *
 * @throws `HeaderError` if the block map has fewer entries.
 */
function requireBlockMap(layout: VhdxLayout): void {
  const { virtualSize, blockBytes, blockMap } = layout;
  const entries = Math.floor(blockMap.length / BLOCK_MAP_ENTRY_BYTES);
  const blocks = ceilDivide(virtualSize, BigInt(blockBytes));
  const bitmaps = BigInt.asUintN(32, blocks - 1n) / BigInt(blocksPerChunk(layout));
  if (blocks + bitmaps > BigInt(entries)) {
    throw corrupt(
      `its block map has room for ${entries} entries; a disk of ${virtualSize} bytes needs ${blocks + bitmaps}`,
    );
  }
}
