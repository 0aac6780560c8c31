import { HeaderError } from '../header-error.js';

/** The names of a directory (`what`) and of its tables in messages, such as `L1 table` and `L2 table`. */
export interface DirectoryNames {
  readonly what: string;
  readonly tables: string;
}

/**
 * Requires each entry of a directory to point to a different table. If tables could be shared, which no program does, a
 * file of a few KiB could describe a disk of any number of pieces. The size of the file bounds the number of distinct
 * tables.
 *
 * @param positions positions of the tables in the file, in bytes; sorted by this call
 * @throws `HeaderError` if two entries point to the same table.
 */
export function requireDistinctTables(positions: Float64Array, { what, tables }: DirectoryNames): void {
  positions.sort();
  const repeated = positions.find((position, index) => index > 0 && position === positions[index - 1]);
  if (repeated !== undefined) {
    const expected = `expected each entry of its ${what} to point to a different ${tables}`;
    const found = `found several that point to byte ${repeated}, so reading the image could take unlimited time and memory`;
    const remedy = 'if you trust the image, convert it with qemu-img convert -O raw first';
    throw new HeaderError('unavailable', `${expected}, ${found}; ${remedy}`);
  }
}
