import type { FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { ceilDivide, countableSize, readExactly, requireWithin } from './header-fields.js';

const MAGIC_OFFSET = 0x40;
const MAGIC = Buffer.from('7f10dabe', 'hex');
const HEADER_BYTES = 0x1c8;
const VERSION_1_1 = 0x0001_0001;
const SECTOR_BYTES = 512n;
/** The only block size that qemu reads. */
const BLOCK_BYTES = 1024n * 1024n;
/** The most blocks in a block map that qemu reads into memory. */
const MAX_BLOCKS = 0x1fff_ff80n;
const DYNAMIC = 1;
const FIXED = 2;

/** VirtualBox's disk image, version 1.1, according to block/vdi.c of qemu. */
export const vdi: FormatInspector = {
  format: 'vdi',
  recognize: ({ head }) => (head.subarray(MAGIC_OFFSET, MAGIC_OFFSET + 4).equals(MAGIC) ? 'head' : undefined),
  readHeader,
};

async function readHeader(bytes: FileBytes): Promise<FormatHeader> {
  const header = await readExactly(bytes, 0, HEADER_BYTES, 'vdi header');
  const version = header.readUInt32LE(0x44);
  if (version !== VERSION_1_1) {
    throw refused(
      `its vdi header has version ${version >>> 16}.${version & 0xffff}, expected 1.1; convert it with VBoxManage first`,
    );
  }
  const type = header.readUInt32LE(0x4c);
  if (type !== DYNAMIC && type !== FIXED) {
    throw refused(
      `it is a vdi image of type ${type}; only dynamic (1) and fixed (2) images are independent; convert it with VBoxManage first`,
    );
  }
  const links = header.subarray(0x1a8, 0x1c8);
  if (links.some((byte) => byte !== 0)) {
    throw refused('it is a differencing vdi image, whose parent cannot be followed; convert it with VBoxManage first');
  }
  requireBlockMap(bytes, header);
  // Rounded up to complete sectors as in qemu, because VirtualBox writes odd sizes.
  return { virtualSize: countableSize(ceilDivide(header.readBigUInt64LE(0x170), SECTOR_BYTES) * SECTOR_BYTES) };
}

/** @throws `HeaderError` unless the positions and sizes pass the checks of qemu's `vdi_open`. */
function requireBlockMap(bytes: FileBytes, header: Buffer): void {
  const virtualSize = header.readBigUInt64LE(0x170);
  const sectorBytes = BigInt(header.readUInt32LE(0x168));
  const blockBytes = BigInt(header.readUInt32LE(0x178));
  if (sectorBytes !== SECTOR_BYTES || blockBytes !== BLOCK_BYTES) {
    throw corrupt(
      `its vdi header declares sectors of ${sectorBytes} bytes and blocks of ${blockBytes} bytes; expected ${SECTOR_BYTES} and ${BLOCK_BYTES}`,
    );
  }
  const blocks = BigInt(header.readUInt32LE(0x180));
  if (blocks > MAX_BLOCKS || blocks < ceilDivide(virtualSize, blockBytes)) {
    throw corrupt(`its vdi header has ${blocks} blocks of ${blockBytes} bytes for a disk of ${virtualSize} bytes`);
  }
  const [mapOffset, dataOffset] = [header.readUInt32LE(0x154), header.readUInt32LE(0x158)].map(BigInt);
  if (mapOffset! % SECTOR_BYTES !== 0n || dataOffset! % SECTOR_BYTES !== 0n) {
    throw corrupt(
      `its block map begins at byte ${mapOffset} and its data at byte ${dataOffset}; expected multiples of ${SECTOR_BYTES}`,
    );
  }
  requireWithin(bytes, mapOffset!, blocks * 4n, 'block map');
}
