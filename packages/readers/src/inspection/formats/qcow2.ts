import type { BackingReference, FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { countableSize, headerText, partsOf, readExactly, requireWithin, wholeSectors } from './header-fields.js';
import { requireDirectory } from './require-directory.js';

const MAGIC = Buffer.from('QFI\xfb', 'latin1');
const VERSION_2_HEADER_BYTES = 72;
const VERSION_3_HEADER_BYTES = 104;
const MAX_L1_ENTRIES = 4 * 1024 * 1024;
const MAX_BACKING_NAME_BYTES = 1023;

const CORRUPT = 1n << 1n;
const EXTERNAL_DATA = 1n << 2n;
const EXTENDED_L2 = 1n << 4n;
/** Dirty, corrupt, external data file, compression type, extended L2 entries. */
const KNOWN_INCOMPATIBLE = 0b11111n;

const EXTENSION_END = 0;
const EXTENSION_BACKING_FORMAT = 0xe2792aca;
const EXTENSION_EXTERNAL_DATA = 0x44415441;

/** qcow2, versions 2 and 3, after docs/interop/qcow2.rst of qemu. */
export const qcow2: FormatInspector = {
  format: 'qcow2',
  recognize: ({ head }) =>
    head.subarray(0, 4).equals(MAGIC) && (head.length < 8 || head.readUInt32BE(4) !== 1) ? 'head' : undefined,
  readHeader,
  requireTables,
};

/** The fixed part of the header, as far as it is needed. */
interface FixedHeader {
  readonly headerBytes: number;
  readonly clusterBytes: number;
  readonly virtualSize: bigint;
  readonly incompatible: bigint;
  readonly backingOffset: bigint;
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
    throw refused(
      'it is encrypted; decrypt it with qemu-img convert first, or pass --format raw to compare its bytes as they are',
    );
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
  const header = await readExactly(bytes, 0, VERSION_2_HEADER_BYTES, 'qcow2 header');
  const tableBytes = 1n << BigInt(header.readUInt32BE(20));
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

interface Extensions {
  readonly externalData: boolean;
  readonly backingFormat: string | undefined;
}

async function readExtensions(bytes: FileBytes, fixed: FixedHeader): Promise<Extensions> {
  const area = await bytes.read(fixed.headerBytes, Math.max(0, extensionsEnd(fixed) - fixed.headerBytes));
  let externalData = false;
  let backingFormat: string | undefined;
  for (let position = 0; position + 8 <= area.length; ) {
    const type = area.readUInt32BE(position);
    const length = area.readUInt32BE(position + 4);
    const data = area.subarray(position + 8, position + 8 + length);
    if (type === EXTENSION_END) {
      break;
    }
    if (data.length < length) {
      throw corrupt('a header extension reaches past the header');
    }
    if (type === EXTENSION_EXTERNAL_DATA) {
      externalData = true;
    } else if (type === EXTENSION_BACKING_FORMAT) {
      backingFormat = headerText(data, 'backing format');
    }
    position += 8 + Math.ceil(length / 8) * 8;
  }
  return { externalData, backingFormat };
}

/** Extensions stand between the fixed header and the backing file's name, within the first cluster. */
function extensionsEnd(fixed: FixedHeader): number {
  const { backingOffset, clusterBytes } = fixed;
  return backingOffset === 0n || backingOffset > BigInt(clusterBytes) ? clusterBytes : Number(backingOffset);
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
  if (backingLength > MAX_BACKING_NAME_BYTES || backingOffset + BigInt(backingLength) > BigInt(clusterBytes)) {
    throw corrupt(
      `its backing file's name stands at bytes ${backingOffset}+${backingLength}, outside its first cluster`,
    );
  }
  const what = "backing file's name";
  const name = headerText(await readExactly(bytes, Number(backingOffset), backingLength, what), what);
  return format === undefined || format === '' ? { name } : { name, format };
}
