import type { FormatInspector } from '../format-inspector.js';
import { readExactly, requireWithin } from './header-fields.js';

const SIGNATURE = Buffer.from('koly', 'latin1');
const TRAILER_BYTES = 512;

/**
 * Apple's disk image, by its trailer, after block/dmg.c of qemu. How large the guest sees the disk follows from its
 * tables of chunks, so that is left to qemu.
 */
export const dmg: FormatInspector = {
  format: 'dmg',
  recognize: ({ tail }) =>
    tail.length === TRAILER_BYTES && tail.subarray(0, 4).equals(SIGNATURE) ? 'tail' : undefined,
  readHeader: async (bytes) => {
    const trailer = await readExactly(bytes, bytes.size - TRAILER_BYTES, TRAILER_BYTES, 'dmg trailer');
    requireWithin(bytes, trailer.readBigUInt64BE(0x18), trailer.readBigUInt64BE(0x20), 'data fork');
    requireWithin(bytes, trailer.readBigUInt64BE(0xd8), trailer.readBigUInt64BE(0xe0), 'property list');
    return { virtualSize: undefined };
  },
};
