import { VirtSimilarityError } from '@virt-similarity/core';
import { identityOf } from '../inspection/identity-of.js';
import type { InspectedImage } from '../inspection/inspected-image.js';
import { LayerFiles } from './layer-files.js';
import type { QemuCall } from './qemu-call.js';

/** A table of a header whose entries are the positions of further tables in the file. */
interface Directory {
  readonly what: string;
  readonly position: number;
  readonly entries: number;
  /** Bytes of each table that it leads to. */
  readonly tableBytes: number;
}

type ReadBytes = (position: number, length: number) => Promise<Buffer>;

const ENTRY_BYTES = 8;
/** The bits of an entry that are a position; the rest are flags or reserved. */
const POSITION_BITS = 0x00ff_ffff_ffff_fe00n;

/**
 * Requires that every table which the first-level tables of qcow2 and qcow images lead to lies within its file: qemu
 * reads one that was cut off as zeros, which would mean a disk without data. The first-level tables themselves were
 * inspected before, except for the length of the refcount table.
 *
 * Format: https://www.qemu.org/docs/master/interop/qcow2.html
 *
 * @throws VirtSimilarityError `corrupt`, or as `LayerFiles.read`.
 */
export async function requireTables(top: InspectedImage, call: QemuCall): Promise<void> {
  const { layers } = identityOf(top);
  const files = new LayerFiles(layers, call.component, call.image ?? top.file.path);
  try {
    for (let image: InspectedImage | undefined = top; image !== undefined; image = image.backing) {
      const layer = layers.indexOf(image.file);
      const read: ReadBytes = async (position, length) => {
        const bytes = Buffer.alloc(length);
        await files.read(layer, bytes, position);
        return bytes;
      };
      await requireTablesOf(image, read, call);
    }
  } finally {
    await files.close();
  }
}

async function requireTablesOf(image: InspectedImage, read: ReadBytes, call: QemuCall): Promise<void> {
  const size = Number(image.file.size);
  for (const { what, position, entries, tableBytes } of await directoriesOf(image.format, read)) {
    requireWithin(position + entries * ENTRY_BYTES, size, `${what} table`, image, call);
    const table = await read(position, entries * ENTRY_BYTES);
    for (let at = 0; at < table.length; at += ENTRY_BYTES) {
      const start = Number(table.readBigUInt64BE(at) & POSITION_BITS);
      if (start !== 0) {
        requireWithin(start + tableBytes, size, `table that its ${what} table leads to`, image, call);
      }
    }
  }
}

async function directoriesOf(format: string, read: ReadBytes): Promise<readonly Directory[]> {
  switch (format) {
    case 'qcow2':
      return qcow2Directories(await read(0, 72));
    case 'qcow':
      return qcowDirectories(await read(0, 48));
    default:
      return [];
  }
}

function qcow2Directories(header: Buffer): readonly Directory[] {
  const tableBytes = 2 ** header.readUInt32BE(20);
  return [
    { what: 'L1', position: Number(header.readBigUInt64BE(40)), entries: header.readUInt32BE(36), tableBytes },
    {
      what: 'refcount',
      position: Number(header.readBigUInt64BE(48)),
      entries: (header.readUInt32BE(56) * tableBytes) / ENTRY_BYTES,
      tableBytes,
    },
  ];
}

function qcowDirectories(header: Buffer): readonly Directory[] {
  const clusterBits = header.readUInt8(32);
  const l2Bits = header.readUInt8(33);
  const entries = Math.ceil(Number(header.readBigUInt64BE(24)) / 2 ** (clusterBits + l2Bits));
  return [{ what: 'L1', position: Number(header.readBigUInt64BE(40)), entries, tableBytes: ENTRY_BYTES * 2 ** l2Bits }];
}

function requireWithin(end: number, size: number, what: string, image: InspectedImage, call: QemuCall): void {
  if (end > size) {
    const name = call.image ?? image.file.path;
    throw new VirtSimilarityError(
      'corrupt',
      `[${call.component}] cannot read ${name}: the ${what} should end at byte ${end} of ${image.file.path}, ` +
        `which has ${size}; restore the whole file`,
      { image: name },
    );
  }
}
