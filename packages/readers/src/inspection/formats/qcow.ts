import type { BackingReference, FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import {
  ceilDivide,
  countableSize,
  readBackingName,
  readExactly,
  requireWithin,
  wholeSectors,
} from './header-fields.js';
import { requireDirectory } from './require-directory.js';

const MAGIC_AND_VERSION = Buffer.from('QFI\xfb\0\0\0\x01', 'latin1');
const HEADER_BYTES = 48;
/** Bytes. qemu neither opens nor creates a smaller disk. */
const MIN_VIRTUAL_SIZE = 2n;

/** qcow version 1, according to block/qcow.c of qemu. */
export const qcow: FormatInspector = {
  format: 'qcow',
  recognize: ({ head }) => (head.subarray(0, 8).equals(MAGIC_AND_VERSION) ? 'head' : undefined),
  readHeader,
  requireTables,
};

async function readHeader(bytes: FileBytes): Promise<FormatHeader> {
  const header = await readExactly(bytes, 0, HEADER_BYTES, 'qcow header');
  if (header.readUInt32BE(36) !== 0) {
    throw refused(
      "it is encrypted with qcow's old AES-CBC, which is not secure; decrypt it with qemu-img convert first",
    );
  }
  const virtualSize = header.readBigUInt64BE(24);
  if (virtualSize < MIN_VIRTUAL_SIZE) {
    throw corrupt(`its qcow header declares a disk of ${virtualSize} bytes; expected at least ${MIN_VIRTUAL_SIZE}`);
  }
  requireL1Table(bytes, header);
  const backing = await readBacking(bytes, header);
  return { virtualSize: countableSize(wholeSectors(virtualSize)), ...(backing === undefined ? {} : { backing }) };
}

function requireL1Table(bytes: FileBytes, header: Buffer): void {
  const clusterBits = header.readUInt8(32);
  const l2Bits = header.readUInt8(33);
  if (clusterBits < 9 || clusterBits > 16 || l2Bits < 6 || l2Bits > 13) {
    throw corrupt(`its qcow header declares clusters of 2^${clusterBits} bytes and tables of 2^${l2Bits} entries`);
  }
  requireWithin(bytes, header.readBigUInt64BE(40), l1EntriesOf(header) * 8n, 'L1 table');
}

function l1EntriesOf(header: Buffer): bigint {
  const bytesPerEntry = 1n << BigInt(header.readUInt8(32) + header.readUInt8(33));
  return ceilDivide(header.readBigUInt64BE(24), bytesPerEntry);
}

async function requireTables(bytes: FileBytes): Promise<void> {
  const header = await readExactly(bytes, 0, HEADER_BYTES, 'qcow header');
  await requireDirectory(bytes, {
    what: 'L1 table',
    position: header.readBigUInt64BE(40),
    entries: l1EntriesOf(header),
    tables: 'L2 table',
    tableBytes: 8n << BigInt(header.readUInt8(33)),
  });
}

async function readBacking(bytes: FileBytes, header: Buffer): Promise<BackingReference | undefined> {
  const offset = header.readBigUInt64BE(8);
  const length = header.readUInt32BE(16);
  if (offset === 0n || length === 0) {
    return undefined;
  }
  return { name: await readBackingName(bytes, offset, length) };
}
