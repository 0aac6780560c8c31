/** Runs that a byte of a file can describe at most: no table has entries of less than 4 bytes, and each is one run. */
export const RUNS_PER_BYTE = 1 / 4;

/**
 * The same where there are extended L2 entries of qcow2: 16 bytes describe 32 subclusters, but 32 runs only if they take
 * turns with the data of a backing image, which takes bytes too.
 */
export const RUNS_PER_EXTENDED_BYTE = 1;
