import type { FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { countableSize, partsOf, readExactly, requireWithin } from './header-fields.js';

const MAGIC_OFFSET = 0x40;
const MAGIC = Buffer.from('7f10dabe', 'hex');
const HEADER_BYTES = 0x1c8;
const SECTOR_BYTES = 512n;
const DYNAMIC = 1;
const FIXED = 2;

/** VirtualBox's disk image, version 1.1, after block/vdi.c of qemu. */
export const vdi: FormatInspector = {
  format: 'vdi',
  recognize: ({ head }) => (head.subarray(MAGIC_OFFSET, MAGIC_OFFSET + 4).equals(MAGIC) ? 'head' : undefined),
  readHeader,
};

async function readHeader(bytes: FileBytes): Promise<FormatHeader> {
  const header = await readExactly(bytes, 0, HEADER_BYTES, 'vdi header');
  const type = header.readUInt32LE(0x4c);
  if (type !== DYNAMIC && type !== FIXED) {
    throw refused(
      `it is a vdi image of type ${type}; only dynamic (1) and fixed (2) ones stand alone; convert it with VBoxManage first`,
    );
  }
  const links = header.subarray(0x1a8, 0x1c8);
  if (links.some((byte) => byte !== 0)) {
    throw refused(
      'it is a difference to another vdi image, which cannot be followed; convert it with VBoxManage first',
    );
  }
  requireBlockMap(bytes, header);
  // qemu rounds up to whole sectors, as VirtualBox writes odd sizes.
  return { virtualSize: countableSize(partsOf(header.readBigUInt64LE(0x170), SECTOR_BYTES) * SECTOR_BYTES) };
}

function requireBlockMap(bytes: FileBytes, header: Buffer): void {
  const virtualSize = header.readBigUInt64LE(0x170);
  const blockBytes = BigInt(header.readUInt32LE(0x178));
  const blocks = BigInt(header.readUInt32LE(0x180));
  if (blockBytes === 0n || blocks < partsOf(virtualSize, blockBytes)) {
    throw corrupt(`its vdi header has ${blocks} blocks of ${blockBytes} bytes for a disk of ${virtualSize} bytes`);
  }
  requireWithin(bytes, BigInt(header.readUInt32LE(0x154)), blocks * 4n, 'block map');
}
