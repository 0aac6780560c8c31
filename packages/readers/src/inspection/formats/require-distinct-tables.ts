import { HeaderError } from '../header-error.js';

/** What a directory and the tables that it leads to are called, such as `L1 table` and `L2 table`. */
export interface DirectoryNames {
  readonly what: string;
  readonly tables: string;
}

/**
 * With shared tables a file of some KiB can describe a disk of any number of pieces; no program writes one. Without
 * them the file's size bounds the work of walking its tables.
 *
 * @param positions where the tables are in the file, in bytes; sorted by this call
 * @throws `HeaderError` if two entries of a directory lead to the same table.
 */
export function requireDistinctTables(positions: Float64Array, { what, tables }: DirectoryNames): void {
  positions.sort();
  const repeated = positions.find((position, index) => index > 0 && position === positions[index - 1]);
  if (repeated !== undefined) {
    const expected = `expected each entry of its ${what} to lead to its own ${tables}`;
    const found = `found several that lead to the one at byte ${repeated}, so reading it could take any time and memory`;
    const remedy = 'if you trust it, convert it with qemu-img convert -O raw first';
    throw new HeaderError('unavailable', `${expected}, ${found}; ${remedy}`);
  }
}
