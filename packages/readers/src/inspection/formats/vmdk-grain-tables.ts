import type { FileBytes } from '../format-inspector.js';
import { corrupt } from '../header-error.js';
import { MAX_DIRECTORY_BYTES, readExactly, requireWithin } from './header-fields.js';
import { requireDistinctTables } from './require-distinct-tables.js';

export const SECTOR_BYTES = 512n;

/** The table of a sparse extent that points to its grain tables. */
export interface GrainDirectory {
  /** Bytes. */
  readonly position: bigint;
  readonly entries: bigint;
  readonly entryBytes: 4 | 8;
  /** Bytes of each grain table. */
  readonly tableBytes: bigint;
  /** Sectors of the disk that one grain table describes. */
  readonly coverage: bigint;
  /**
   * Returns the first sector of the grain table to which the entry at byte `at` of the directory points; 0 if the entry
   * is empty.
   *
   * @throws `HeaderError` if the entry is invalid.
   */
  tableAt(directory: Buffer, at: number): bigint;
}

/** The fields of a sparse extent's header. */
export interface SparseHeader {
  /** The kinds of extents under which a descriptor can list the file. */
  readonly kinds: readonly string[];
  /** Size of the extent that the guest sees, in sectors. */
  readonly capacity: bigint;
  readonly directory: GrainDirectory;
}

/**
 * Requires the grain directory to be within the file and to describe the complete extent.
 *
 * @throws `HeaderError` if the directory is not within the file, is too short for the extent, or is longer than
 * `MAX_DIRECTORY_BYTES`.
 */
export function requireGrainDirectory(bytes: FileBytes, { capacity, directory }: SparseHeader): void {
  const { position, entries, entryBytes, coverage } = directory;
  const length = entries * BigInt(entryBytes);
  if (length > MAX_DIRECTORY_BYTES) {
    throw corrupt(`its grain directory has ${length} bytes; expected at most ${MAX_DIRECTORY_BYTES}`);
  }
  if (entries * coverage < capacity) {
    throw corrupt(
      `its grain directory has ${entries} entries for ${coverage} sectors each; expected enough for ${capacity} sectors`,
    );
  }
  requireWithin(bytes, position, length, 'grain directory');
}

/**
 * Requires the grain tables of a sparse extent to be within the file, and no two entries of the grain directory to
 * point to the same table. qemu reads a table past the end as zeros, so a part of the extent would seem to have no
 * data.
 *
 * @throws `HeaderError` if a table is not within the file, if entries share a table, if an entry is invalid, or if the
 * grain directory cannot be read.
 */
export async function requireGrainTables(bytes: FileBytes, { directory }: SparseHeader): Promise<void> {
  const { position, entries, entryBytes, tableBytes } = directory;
  const length = Number(entries) * entryBytes;
  const table = await readExactly(bytes, Number(position), length, 'grain directory');
  const positions = new Float64Array(Number(entries));
  let found = 0;
  for (let at = 0; at < length; at += entryBytes) {
    const start = directory.tableAt(table, at) * SECTOR_BYTES;
    if (start !== 0n) {
      requireWithin(bytes, start, tableBytes, 'grain table');
      positions[found] = Number(start);
      found += 1;
    }
  }
  requireDistinctTables(positions.subarray(0, found), { what: 'grain directory', tables: 'grain table' });
}
