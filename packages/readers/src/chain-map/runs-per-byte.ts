/**
 * The most runs that a byte of a file can describe: table entries have at least 4 bytes, and each describes one run.
 */
export const RUNS_PER_BYTE = 1 / 4;

/**
 * The most runs that a byte of a qcow2 file with extended L2 entries can describe. An entry of 16 bytes describes 32
 * subclusters. They are 32 runs only if every second run is data of a backing image, which occupies bytes in its own
 * file.
 */
export const RUNS_PER_EXTENDED_BYTE = 1;
