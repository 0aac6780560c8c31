import type { FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt, RawRemedyError, refused } from '../header-error.js';
import { countableSize, isPowerOfTwo, readExactly, requireWithin } from './header-fields.js';

const COOKIE = Buffer.from('conectix', 'latin1');
const FOOTER_BYTES = 512;
const DYNAMIC_HEADER_BYTES = 1024;
const FIXED = 2;
const DYNAMIC = 3;
const SECTOR_BYTES = 512n;
/**
 * 65,535 cylinders of 16 heads and 255 sectors. No geometry describes a larger disk. If a footer has this geometry,
 * qemu uses the size in the footer instead.
 */
const MAX_GEOMETRY_SECTORS = 65_535n * 16n * 255n;
/**
 * The names, in a footer, of programs whose guests see cylinders × heads × sectors: Virtual PC, and qemu before it
 * wrote `qem2`.
 */
const CREATORS_BY_GEOMETRY = ['vpc ', 'qemu'];

/**
 * Virtual PC's and Hyper-V's virtual hard disk, version 1, according to Microsoft's "Virtual Hard Disk Image Format
 * Specification" and block/vpc.c of qemu. A fixed disk is raw data with a footer; any other disk begins with a copy of
 * the footer.
 *
 * The size that the guest sees depends on the program that created the disk. For unknown programs, such as Azure and
 * VirtualBox, qemu 7.2 uses the geometry and cuts off the disk's end, so qemu gets the method explicitly.
 */
export const vpc: FormatInspector = {
  format: 'vpc',
  recognize: ({ head, tail }) => (hasCookie(head) ? 'head' : hasCookie(tail) ? 'tail' : undefined),
  readHeader,
};

async function readHeader(bytes: FileBytes): Promise<FormatHeader> {
  const footer = await readFooter(bytes);
  requireChecksum(footer);
  const { virtualSize, driverOptions } = sizeOf(footer);
  const type = footer.readUInt32BE(60);
  if (type === DYNAMIC) {
    await requireBlockMap(bytes, footer, virtualSize);
  } else if (type === FIXED) {
    requireWithin(bytes, 0n, virtualSize + BigInt(FOOTER_BYTES), 'fixed disk with its footer');
  } else {
    throw refused(
      `it is a vpc image of type ${type}; only fixed (2) and dynamic (3) images are independent; merge it with Merge-VHD first`,
    );
  }
  return { virtualSize: countableSize(virtualSize), driverOptions };
}

/**
 * Returns the footer to use. As in qemu, this is the copy at the beginning if there is a copy, otherwise the footer at
 * the end. On a fixed disk, the guest can have written a footer to the beginning.
 *
 * @throws `HeaderError` if a fixed disk begins with a footer, or if the file cannot be read.
 */
async function readFooter(bytes: FileBytes): Promise<Buffer> {
  const first = await readExactly(bytes, 0, FOOTER_BYTES, 'vpc footer');
  const last = await readExactly(bytes, bytes.size - FOOTER_BYTES, FOOTER_BYTES, 'vpc footer');
  if (!hasCookie(first)) {
    return last;
  }
  if (first.readUInt32BE(60) === FIXED || (hasCookie(last) && last.readUInt32BE(60) === FIXED)) {
    throw new RawRemedyError(
      'it is a fixed vpc disk that also begins with a footer, so it is unclear which footer counts; convert it with the program that made it',
    );
  }
  return first;
}

/** Returns the size that the guest sees, in bytes, and the option that makes qemu calculate the same size. */
function sizeOf(footer: Buffer): { readonly virtualSize: bigint; readonly driverOptions: Record<string, string> } {
  const geometry = BigInt(footer.readUInt16BE(56)) * BigInt(footer.readUInt8(58)) * BigInt(footer.readUInt8(59));
  const byGeometry =
    CREATORS_BY_GEOMETRY.includes(footer.toString('latin1', 28, 32)) && geometry !== MAX_GEOMETRY_SECTORS;
  const sectors = byGeometry ? geometry : footer.readBigUInt64BE(48) / SECTOR_BYTES;
  return {
    virtualSize: sectors * SECTOR_BYTES,
    driverOptions: { force_size_calc: byGeometry ? 'chs' : 'current_size' },
  };
}

function hasCookie(bytes: Buffer): boolean {
  return bytes.subarray(0, 8).equals(COOKIE);
}

/** Requires a correct checksum: the complement of the sum of all other bytes. */
function requireChecksum(footer: Buffer): void {
  const sum = footer.reduce((total, byte, index) => (index >= 64 && index < 68 ? total : total + byte), 0);
  if (footer.readUInt32BE(64) !== ~sum >>> 0) {
    throw corrupt('the checksum of its vpc footer is wrong');
  }
}

async function requireBlockMap(bytes: FileBytes, footer: Buffer, virtualSize: bigint): Promise<void> {
  const position = footer.readBigUInt64BE(16);
  requireWithin(bytes, position, BigInt(DYNAMIC_HEADER_BYTES), 'dynamic disk header');
  const header = await readExactly(bytes, Number(position), DYNAMIC_HEADER_BYTES, 'dynamic disk header');
  if (header.toString('latin1', 0, 8) !== 'cxsparse') {
    throw corrupt('its dynamic disk header has no signature');
  }
  const blocks = BigInt(header.readUInt32BE(28));
  const blockBytes = BigInt(header.readUInt32BE(32));
  if (!isPowerOfTwo(Number(blockBytes)) || blockBytes < SECTOR_BYTES) {
    throw corrupt(
      `its dynamic disk header declares blocks of ${blockBytes} bytes; expected a power of two of at least ${SECTOR_BYTES}`,
    );
  }
  if (blocks * blockBytes < virtualSize) {
    throw corrupt(`its block map has ${blocks} blocks of ${blockBytes} bytes for a disk of ${virtualSize} bytes`);
  }
  requireWithin(bytes, header.readBigUInt64BE(16), blocks * 4n, 'block map');
}
