import type { FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt } from '../header-error.js';
import { ceilDivide, countableSize, readExactly, requireWithin } from './header-fields.js';
import { PARALLELS_DESCRIPTOR, requireOnlyImage } from './parallels-descriptor.js';

const OLD_MAGIC = 'WithoutFreeSpace';
const NEW_MAGIC = 'WithouFreSpacExt';
const HEADER_BYTES = 64;
const VERSION = 2;
/** The most sectors in a block, so that qemu can read a block in one call. */
const MAX_SECTORS_PER_BLOCK = 4_186_127n;
/** The most blocks, so that positions in the block map fit into signed 32-bit numbers. */
const MAX_BLOCKS = 0x1fff_ffffn;
const SECTOR_BYTES = 512n;

/** Parallels' expandable disk, according to docs/interop/parallels.txt and block/parallels.c of qemu. */
export const parallels: FormatInspector = {
  format: 'parallels',
  recognize: ({ head }) => ([OLD_MAGIC, NEW_MAGIC].includes(magicOf(head)) ? 'head' : undefined),
  readHeader,
};

async function readHeader(bytes: FileBytes): Promise<FormatHeader> {
  const header = await readExactly(bytes, 0, HEADER_BYTES, 'parallels header');
  const version = header.readUInt32LE(16);
  if (version !== VERSION) {
    throw corrupt(`its parallels header has version ${version}; expected ${VERSION}`);
  }
  const sectorsPerBlock = BigInt(header.readUInt32LE(28));
  const blocks = BigInt(header.readUInt32LE(32));
  // The old form has a 32-bit size; the bytes after it are undefined.
  const sectors = magicOf(header) === OLD_MAGIC ? BigInt(header.readUInt32LE(36)) : header.readBigUInt64LE(36);
  const isSound = sectorsPerBlock > 0n && sectorsPerBlock <= MAX_SECTORS_PER_BLOCK && blocks <= MAX_BLOCKS;
  if (!isSound || blocks < ceilDivide(sectors, sectorsPerBlock)) {
    throw corrupt(
      `its parallels header has ${blocks} blocks of ${sectorsPerBlock} sectors for a disk of ${sectors} sectors`,
    );
  }
  requireWithin(bytes, BigInt(HEADER_BYTES), blocks * 4n, 'block map');
  return {
    virtualSize: countableSize(sectors * SECTOR_BYTES),
    neighbour: { name: PARALLELS_DESCRIPTOR, check: (descriptor) => requireOnlyImage(descriptor, bytes.name) },
  };
}

function magicOf(bytes: Buffer): string {
  return bytes.toString('latin1', 0, 16);
}
