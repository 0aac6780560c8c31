/** The most runs that a byte of a file can describe: table entries have at least 4 bytes, and each is one run. */
export const RUNS_PER_BYTE = 1 / 4;

/**
 * The same with extended L2 entries of qcow2: 16 bytes describe 32 subclusters, but these are 32 runs only if they
 * alternate with data of a backing image, which needs bytes too.
 */
export const RUNS_PER_EXTENDED_BYTE = 1;
