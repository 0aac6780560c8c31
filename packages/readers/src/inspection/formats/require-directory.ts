import type { FileBytes } from '../format-inspector.js';
import { corrupt } from '../header-error.js';
import { MAX_DIRECTORY_BYTES, readExactly, requireWithin } from './header-fields.js';
import { requireDistinctTables } from './require-distinct-tables.js';

const ENTRY_BYTES = 8n;
/** The bits of an entry that hold a position. The other bits are flags or reserved. */
const POSITION_BITS = 0x00ff_ffff_ffff_fe00n;

/** A table of a qcow or qcow2 image whose entries are the positions of further tables in the file. */
export interface TableDirectory {
  /** The name of the directory in messages. */
  readonly what: string;
  /** Bytes from the beginning of the file. */
  readonly position: bigint;
  readonly entries: bigint;
  /** The name of the tables in messages. */
  readonly tables: string;
  /** Bytes of each of these tables. */
  readonly tableBytes: bigint;
}

/**
 * Requires the directory and its tables to be within the file, and each entry to be empty or to point to a different
 * table.
 *
 * @throws `HeaderError` if the directory or a table is not within the file, if entries share a table, if the directory
 * is longer than `MAX_DIRECTORY_BYTES`, or if it cannot be read.
 */
export async function requireDirectory(bytes: FileBytes, directory: TableDirectory): Promise<void> {
  const { what, position, entries, tables, tableBytes } = directory;
  const length = entries * ENTRY_BYTES;
  if (length > MAX_DIRECTORY_BYTES) {
    throw corrupt(`its ${what} has ${length} bytes; expected at most ${MAX_DIRECTORY_BYTES}`);
  }
  requireWithin(bytes, position, length, what);
  const table = await readExactly(bytes, Number(position), Number(length), what);
  const positions = new Float64Array(Number(entries));
  let found = 0;
  for (let at = 0; at < table.length; at += Number(ENTRY_BYTES)) {
    const start = table.readBigUInt64BE(at) & POSITION_BITS;
    if (start !== 0n) {
      requireWithin(bytes, start, tableBytes, tables);
      positions[found] = Number(start);
      found += 1;
    }
  }
  requireDistinctTables(positions.subarray(0, found), directory);
}
