import type { FileBytes } from '../format-inspector.js';
import { corrupt } from '../header-error.js';
import { ceilDivide, readExactly, requireWithin, wholeSectors } from './header-fields.js';
import type { BitmapDirectory } from './qcow2-extensions.js';
import type { Qcow2FixedHeader } from './qcow2-header.js';

const ENTRY_BYTES = 24;
const IN_USE = 1;
/** The flags "in use" and "enabled". */
const KNOWN_FLAGS = 0b11;
const DIRTY_TRACKING = 1;
const MAX_NAME_BYTES = 1023;
const MAX_BITMAP_BYTES = 0x2000_0000n;

/**
 * Requires a directory of dirty bitmaps that qemu accepts, as in `bitmap_list_load` of qemu's block/qcow2-bitmap.c,
 * because qemu does not open an image with a damaged directory. The content of the bitmaps is not checked.
 *
 * @throws `HeaderError` if qemu would not accept the directory, or if it cannot be read.
 */
export async function requireBitmaps(
  bytes: FileBytes,
  directory: BitmapDirectory,
  fixed: Pick<Qcow2FixedHeader, 'virtualSize' | 'clusterBytes'>,
): Promise<void> {
  const { position, length, bitmaps } = directory;
  requireWithin(bytes, position, length, 'bitmap directory');
  const entries = await readExactly(bytes, Number(position), Number(length), 'bitmap directory');
  let found = 0;
  let next = 0;
  while (next < entries.length) {
    const entry = entries.subarray(next);
    const nameBytes = entry.length < ENTRY_BYTES ? Infinity : entry.readUInt16BE(18);
    const entryBytes = Math.ceil((ENTRY_BYTES + nameBytes) / 8) * 8;
    if (entryBytes > entry.length) {
      throw corrupt('its bitmap directory is truncated');
    }
    requireBitmap(entry, fixed);
    next += entryBytes;
    found += 1;
  }
  if (found !== bitmaps) {
    throw corrupt(`its bitmap directory has ${found} bitmaps; its header says ${bitmaps}`);
  }
}

function requireBitmap(
  entry: Buffer,
  { virtualSize, clusterBytes }: Pick<Qcow2FixedHeader, 'virtualSize' | 'clusterBytes'>,
): void {
  const position = entry.readBigUInt64BE(0);
  const flags = entry.readUInt32BE(12);
  const granularity = entry.readUInt8(17);
  const nameBytes = entry.readUInt16BE(18);
  const clusters = BigInt(entry.readUInt32BE(8));
  const bitmapBytes = clusters * BigInt(clusterBytes);
  const isSound = [
    position !== 0n && position % BigInt(clusterBytes) === 0n,
    bitmapBytes > 0n && bitmapBytes <= MAX_BITMAP_BYTES,
    granularity >= 9 && granularity <= 31,
    (flags & ~KNOWN_FLAGS) === 0,
    nameBytes >= 1 && nameBytes <= MAX_NAME_BYTES,
    entry.readUInt8(16) === DIRTY_TRACKING,
    entry.readUInt32BE(20) === 0,
    (flags & IN_USE) !== 0 || clusters === clustersNeeded(wholeSectors(virtualSize), granularity, clusterBytes),
  ];
  if (isSound.includes(false)) {
    throw corrupt('its bitmap directory has a bitmap that qemu does not accept');
  }
}

/**
 * Returns how many clusters a bitmap must have for qemu to load it. The length of a bitmap is a multiple of 64 bits.
 */
function clustersNeeded(virtualSize: bigint, granularity: number, clusterBytes: number): bigint {
  const words = ceilDivide(ceilDivide(virtualSize, 1n << BigInt(granularity)), 64n);
  return ceilDivide(words * 8n, BigInt(clusterBytes));
}
