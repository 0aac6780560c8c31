import type { FileBytes } from '../format-inspector.js';
import { corrupt } from '../header-error.js';
import { readExactly, requireWithin } from './header-fields.js';
import { type Qcow2Table, SNAPSHOT_BYTES } from './qcow2-header.js';

const MAX_EXTRA_BYTES = 1024;
/** qemu's limit in bytes: 1024 for each of 65,536 snapshots, the most that an image can have. */
const MAX_TABLE_BYTES = 64 * 1024 * 1024;
/** Bytes of the table that are read at a time. A large window keeps the number of calls low. */
const WINDOW_BYTES = 2 * 1024 * 1024;

/**
 * Requires a table of internal snapshots that qemu accepts, as in `qcow2_do_read_snapshots` of qemu's
 * block/qcow2-snapshot.c, because qemu does not open an image with a damaged table. The snapshots' content is not
 * checked.
 *
 * @throws `HeaderError` if qemu would not accept the table, or if it cannot be read.
 */
export async function requireSnapshots(bytes: FileBytes, { position, entries }: Qcow2Table): Promise<void> {
  const start = Number(position);
  let window: Buffer = Buffer.alloc(0);
  let windowStart = start;
  let next = start;
  for (let index = 0; index < entries; index += 1) {
    if (next + SNAPSHOT_BYTES > windowStart + window.length) {
      windowStart = next;
      const length = Math.max(SNAPSHOT_BYTES, Math.min(WINDOW_BYTES, bytes.size - next));
      window = await readExactly(bytes, next, length, 'snapshot table');
    }
    const fixedPart = window.subarray(next - windowStart);
    const extraBytes = fixedPart.readUInt32BE(36);
    if (extraBytes > MAX_EXTRA_BYTES) {
      throw corrupt(`its snapshot ${index} has ${extraBytes} extra bytes; expected at most ${MAX_EXTRA_BYTES}`);
    }
    const end = next + SNAPSHOT_BYTES + extraBytes + fixedPart.readUInt16BE(12) + fixedPart.readUInt16BE(14);
    if (end - start > MAX_TABLE_BYTES) {
      throw corrupt(`its snapshot table has more than ${MAX_TABLE_BYTES} bytes`);
    }
    requireWithin(bytes, BigInt(end), 0n, 'snapshot table');
    next = Math.ceil(end / 8) * 8;
  }
}
