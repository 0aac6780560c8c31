/**
 * The most rows of a vector to hold in memory at a time, and the number of rows of a record batch in files of this
 * project. A comparison streams hundreds of vectors at once: 8,192 rows of SHA-256 are 288 KiB, large enough to read at
 * the speed of the disk and small enough to hold one batch of each vector.
 */
export const ROWS_PER_BATCH = 8192;
