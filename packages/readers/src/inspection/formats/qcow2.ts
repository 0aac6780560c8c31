import { LUKS_FIELDS_BYTES, luksFields } from '../../luks/luks-header.js';
import type { BackingReference, FileBytes, FormatHeader, FormatInspector } from '../format-inspector.js';
import { corrupt, refused } from '../header-error.js';
import { countableSize, readBackingName, readExactly, requireWithin, wholeSectors } from './header-fields.js';
import { requireBitmaps } from './qcow2-bitmaps.js';
import { type LuksHeader, readExtensions } from './qcow2-extensions.js';
import { type Qcow2FixedHeader, readFixedHeader } from './qcow2-header.js';
import { requireSnapshots } from './qcow2-snapshots.js';
import { requireDirectory } from './require-directory.js';

const MAGIC = Buffer.from('QFI\xfb', 'latin1');

/** qcow2, versions 2 and 3, according to docs/interop/qcow2.rst and block/qcow2.c of qemu. */
export const qcow2: FormatInspector = {
  format: 'qcow2',
  recognize: ({ head }) =>
    head.subarray(0, 4).equals(MAGIC) && (head.length < 8 || head.readUInt32BE(4) !== 1) ? 'head' : undefined,
  readHeader,
  requireTables,
};

async function readHeader(bytes: FileBytes): Promise<FormatHeader> {
  const fixed = await readFixedHeader(bytes);
  const { externalData, backingFormat, luksHeader } = await readExtensions(bytes, fixed);
  if (externalData || fixed.hasExternalData) {
    throw refused('its data is in an external data file; convert it with qemu-img convert first');
  }
  const backing = await readBacking(bytes, fixed, backingFormat);
  const virtualSize = countableSize(wholeSectors(fixed.virtualSize));
  return {
    virtualSize,
    ...(backing && { backing }),
    ...(luksHeader && { encryption: { uuid: await readUuid(bytes, luksHeader) } }),
  };
}

async function readUuid(bytes: FileBytes, { position, length }: LuksHeader): Promise<string> {
  requireWithin(bytes, position, length, 'LUKS header');
  return luksFields(await readExactly(bytes, Number(position), LUKS_FIELDS_BYTES, 'LUKS header')).uuid;
}

async function requireTables(bytes: FileBytes): Promise<void> {
  // The header is checked again, because it may have changed since it was read.
  const fixed = await readFixedHeader(bytes);
  const { bitmapDirectory } = await readExtensions(bytes, fixed);
  const tableBytes = BigInt(fixed.clusterBytes);
  await requireDirectory(bytes, { what: 'L1 table', ...fixed.l1Table, tables: 'L2 table', tableBytes });
  await requireDirectory(bytes, {
    what: 'refcount table',
    ...fixed.refcountTable,
    tables: 'refcount block',
    tableBytes,
  });
  await requireSnapshots(bytes, fixed.snapshotTable);
  if (bitmapDirectory !== undefined) {
    await requireBitmaps(bytes, bitmapDirectory, fixed);
  }
}

async function readBacking(
  bytes: FileBytes,
  fixed: Qcow2FixedHeader,
  format: string | undefined,
): Promise<BackingReference | undefined> {
  const { backingOffset, backingLength, clusterBytes } = fixed;
  if (backingOffset === 0n || backingLength === 0) {
    return undefined;
  }
  if (backingOffset + BigInt(backingLength) > BigInt(clusterBytes)) {
    const end = backingOffset + BigInt(backingLength);
    throw corrupt(`its backing file's name ends at byte ${end}, beyond its first cluster of ${clusterBytes} bytes`);
  }
  const name = await readBackingName(bytes, backingOffset, backingLength);
  return format === undefined || format === '' ? { name } : { name, format };
}
