import type { BackingReference, FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt, RawRemedyError, refused } from '../header-error.js';
import { countableSize, partsOf, readBackingName, readExactly, requireWithin, wholeSectors } from './header-fields.js';
import { type ExtensionBounds, readExtensions } from './qcow2-extensions.js';
import { requireDirectory } from './require-directory.js';

const MAGIC = Buffer.from('QFI\xfb', 'latin1');
const VERSION_2_HEADER_BYTES = 72;
const VERSION_3_HEADER_BYTES = 104;
const MAX_L1_ENTRIES = 4 * 1024 * 1024;

const CORRUPT = 1n << 1n;
const EXTERNAL_DATA = 1n << 2n;
const EXTENDED_L2 = 1n << 4n;
/** Dirty, corrupt, external data file, compression type, extended L2 entries. */
const KNOWN_INCOMPATIBLE = 0b11111n;

/** qcow2, versions 2 and 3, after docs/interop/qcow2.rst of qemu. */
export const qcow2: FormatInspector = {
  format: 'qcow2',
  recognize: ({ head }) =>
    head.subarray(0, 4).equals(MAGIC) && (head.length < 8 || head.readUInt32BE(4) !== 1) ? 'head' : undefined,
  readHeader,
  requireTables,
};

/** The fixed part of the header, as far as it is needed. */
interface FixedHeader extends ExtensionBounds {
  readonly virtualSize: bigint;
  readonly incompatible: bigint;
  readonly backingLength: number;
}

async function readHeader(bytes: FileBytes): Promise<FormatHeader> {
  const fixed = await readFixedHeader(bytes);
  const { externalData, backingFormat } = await readExtensions(bytes, fixed);
  if (externalData || (fixed.incompatible & EXTERNAL_DATA) !== 0n) {
    throw refused('it keeps its data in an external data file; convert it with qemu-img convert first');
  }
  const backing = await readBacking(bytes, fixed, backingFormat);
  const virtualSize = countableSize(wholeSectors(fixed.virtualSize));
  return backing === undefined ? { virtualSize } : { virtualSize, backing };
}

async function readFixedHeader(bytes: FileBytes): Promise<FixedHeader> {
  const header = await readExactly(bytes, 0, VERSION_2_HEADER_BYTES, 'qcow2 header');
  const version = header.readUInt32BE(4);
  if (version !== 2 && version !== 3) {
    throw refused(
      `its qcow2 header has version ${version}, known are 2 and 3; convert it with the program that made it`,
    );
  }
  if (header.readUInt32BE(32) !== 0) {
    throw new RawRemedyError('it is encrypted; decrypt it with qemu-img convert first');
  }
  const clusterBits = header.readUInt32BE(20);
  if (clusterBits < 9 || clusterBits > 21) {
    throw corrupt(`its qcow2 header says clusters of 2^${clusterBits} bytes; expected 2^9 to 2^21`);
  }
  const { headerBytes, incompatible } =
    version === 2 ? { headerBytes: VERSION_2_HEADER_BYTES, incompatible: 0n } : await readVersion3(bytes);
  const clusterBytes = 2 ** clusterBits;
  const virtualSize = header.readBigUInt64BE(24);
  requireTablePositions(bytes, header, virtualSize, clusterBytes, (incompatible & EXTENDED_L2) !== 0n ? 16n : 8n);
  return {
    headerBytes,
    clusterBytes,
    virtualSize,
    incompatible,
    backingOffset: header.readBigUInt64BE(8),
    backingLength: header.readUInt32BE(16),
  };
}

async function readVersion3(bytes: FileBytes): Promise<Pick<FixedHeader, 'headerBytes' | 'incompatible'>> {
  const header = await readExactly(bytes, 0, VERSION_3_HEADER_BYTES, 'qcow2 header');
  const incompatible = header.readBigUInt64BE(72);
  if ((incompatible & ~KNOWN_INCOMPATIBLE) !== 0n) {
    const unknown = (incompatible & ~KNOWN_INCOMPATIBLE).toString(16);
    throw refused(
      `its qcow2 header demands features that are not known (incompatible bits 0x${unknown}); convert it with the program that made it`,
    );
  }
  if ((incompatible & CORRUPT) !== 0n) {
    throw corrupt('it is marked as corrupt', 'repair it with qemu-img check -r all');
  }
  const headerBytes = header.readUInt32BE(100);
  const clusterBytes = 2 ** header.readUInt32BE(20);
  if (headerBytes < VERSION_3_HEADER_BYTES || headerBytes % 8 !== 0 || headerBytes > clusterBytes) {
    throw corrupt(
      `its qcow2 header says that it has ${headerBytes} bytes; expected a multiple of 8 from 104 to ${clusterBytes}`,
    );
  }
  return { headerBytes, incompatible };
}

function requireTablePositions(
  bytes: FileBytes,
  header: Buffer,
  virtualSize: bigint,
  clusterBytes: number,
  l2EntryBytes: bigint,
): void {
  const l1Entries = header.readUInt32BE(36);
  const bytesPerL1Entry = BigInt(clusterBytes) * (BigInt(clusterBytes) / l2EntryBytes);
  const needed = partsOf(virtualSize, bytesPerL1Entry);
  if (l1Entries > MAX_L1_ENTRIES || BigInt(l1Entries) < needed) {
    throw corrupt(`its L1 table has ${l1Entries} entries; a disk of ${virtualSize} bytes needs ${needed}`);
  }
  requireWithin(bytes, header.readBigUInt64BE(40), BigInt(l1Entries) * 8n, 'L1 table');
  requireWithin(bytes, header.readBigUInt64BE(48), 1n, 'refcount table');
}

async function requireTables(bytes: FileBytes): Promise<void> {
  // The header is checked again, as it may have changed since it was read.
  const tableBytes = BigInt((await readFixedHeader(bytes)).clusterBytes);
  const header = await readExactly(bytes, 0, VERSION_2_HEADER_BYTES, 'qcow2 header');
  await requireDirectory(bytes, {
    what: 'L1 table',
    position: header.readBigUInt64BE(40),
    entries: BigInt(header.readUInt32BE(36)),
    tables: 'L2 table',
    tableBytes,
  });
  await requireDirectory(bytes, {
    what: 'refcount table',
    position: header.readBigUInt64BE(48),
    entries: (BigInt(header.readUInt32BE(56)) * tableBytes) / 8n,
    tables: 'refcount block',
    tableBytes,
  });
}

async function readBacking(
  bytes: FileBytes,
  fixed: FixedHeader,
  format: string | undefined,
): Promise<BackingReference | undefined> {
  const { backingOffset, backingLength, clusterBytes } = fixed;
  if (backingOffset === 0n || backingLength === 0) {
    return undefined;
  }
  if (backingOffset + BigInt(backingLength) > BigInt(clusterBytes)) {
    throw corrupt(
      `its backing file's name stands at bytes ${backingOffset}+${backingLength}, outside its first cluster`,
    );
  }
  const name = await readBackingName(bytes, backingOffset, backingLength);
  return format === undefined || format === '' ? { name } : { name, format };
}
