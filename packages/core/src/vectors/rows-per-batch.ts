/**
 * The most rows that `rows()` of this project's vectors yields at a time, and the number of rows of a record batch in
 * files of this project, except the last batch. 8,192 rows of SHA-256 are 288 KiB: large enough to read at the speed of
 * the disk, and small enough to hold a batch of each of many vectors.
 */
export const ROWS_PER_BATCH = 8192;
