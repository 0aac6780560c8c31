import type { FileBytes, FormatInspector } from '../format-inspector.js';
import { corrupt } from '../header-error.js';
import { requireChunks } from './dmg-chunks.js';
import { countableSize, readExactly, requireWithin } from './header-fields.js';

const SIGNATURE = Buffer.from('koly', 'latin1');
const TRAILER_BYTES = 512;
/** qemu searches this many bytes at the end of the file for a trailer, and uses the first trailer that it finds. */
const SEARCHED_BYTES = 2 * TRAILER_BYTES - 1;

const SECTOR_BYTES = 512n;
/** Position of the disk's sector count in the trailer. */
const SECTOR_COUNT = 0x1ec;

/** Apple's disk image, recognized by its trailer, according to block/dmg.c of qemu. */
export const dmg: FormatInspector = {
  format: 'dmg',
  recognize: ({ tail }) =>
    tail.length === TRAILER_BYTES && tail.subarray(0, 4).equals(SIGNATURE) ? 'tail' : undefined,
  readHeader: async (bytes) => {
    const trailer = await readTrailer(bytes);
    requireWithin(bytes, trailer.readBigUInt64BE(0x18), trailer.readBigUInt64BE(0x20), 'data fork');
    requireWithin(bytes, trailer.readBigUInt64BE(0xd8), trailer.readBigUInt64BE(0xe0), 'property list');
    const sectors = trailer.readBigUInt64BE(SECTOR_COUNT);
    if (sectors === 0n) {
      throw corrupt('its dmg trailer declares a disk of 0 sectors, which no program creates');
    }
    return { virtualSize: countableSize(sectors * SECTOR_BYTES) };
  },
  requireTables: async (bytes) => requireChunks(bytes, await readTrailer(bytes)),
};

async function readTrailer(bytes: FileBytes): Promise<Buffer> {
  const start = Math.max(0, bytes.size - SEARCHED_BYTES);
  const searched = await readExactly(bytes, start, bytes.size - start, 'dmg trailer');
  const trailer = searched.subarray(-TRAILER_BYTES);
  if (trailer.length < TRAILER_BYTES || searched.indexOf(SIGNATURE) !== searched.length - TRAILER_BYTES) {
    throw corrupt('it does not have exactly one dmg trailer, in its last 512 bytes');
  }
  return trailer;
}
