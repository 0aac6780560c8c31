import type { FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { readExactly, requireWithin } from './header-fields.js';

const COOKIE = Buffer.from('conectix', 'latin1');
const FOOTER_BYTES = 512;
const DYNAMIC_HEADER_BYTES = 1024;
const FIXED = 2;
const DYNAMIC = 3;

/**
 * Virtual PC's and Hyper-V's first virtual hard disk, after Microsoft's "Virtual Hard Disk Image Format Specification".
 * A fixed disk is raw data with a footer; any other begins with a copy of it. How large the guest sees the disk depends
 * on the program that made it, so that is left to qemu.
 */
export const vpc: FormatInspector = {
  format: 'vpc',
  recognize: ({ head, tail }) => (hasCookie(head) ? 'head' : hasCookie(tail) ? 'tail' : undefined),
  readHeader,
};

async function readHeader(bytes: FileBytes): Promise<FormatHeader> {
  const first = await readExactly(bytes, 0, FOOTER_BYTES, 'vpc footer');
  const footer = hasCookie(first)
    ? first
    : await readExactly(bytes, bytes.size - FOOTER_BYTES, FOOTER_BYTES, 'vpc footer');
  requireChecksum(footer);
  const type = footer.readUInt32BE(60);
  if (type === DYNAMIC) {
    await requireBlockMap(bytes, footer);
  } else if (type !== FIXED) {
    throw refused(
      `it is a vpc image of type ${type}; only fixed (2) and dynamic (3) ones stand alone; convert it with Convert-VHD first`,
    );
  }
  return { virtualSize: undefined };
}

function hasCookie(bytes: Buffer): boolean {
  return bytes.subarray(0, 8).equals(COOKIE);
}

/** The checksum is the complement of the sum of all bytes but its own. */
function requireChecksum(footer: Buffer): void {
  const sum = footer.reduce((total, byte, index) => (index >= 64 && index < 68 ? total : total + byte), 0);
  if (footer.readUInt32BE(64) !== ~sum >>> 0) {
    throw corrupt('the checksum of its vpc footer is wrong');
  }
}

async function requireBlockMap(bytes: FileBytes, footer: Buffer): Promise<void> {
  const position = footer.readBigUInt64BE(16);
  requireWithin(bytes, position, BigInt(DYNAMIC_HEADER_BYTES), 'dynamic disk header');
  const header = await readExactly(bytes, Number(position), DYNAMIC_HEADER_BYTES, 'dynamic disk header');
  if (header.toString('latin1', 0, 8) !== 'cxsparse') {
    throw corrupt('its dynamic disk header has no signature');
  }
  requireWithin(bytes, header.readBigUInt64BE(16), BigInt(header.readUInt32BE(28)) * 4n, 'block map');
}
