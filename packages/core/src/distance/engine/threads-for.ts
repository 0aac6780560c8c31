import type { ComparisonLimits } from './comparison.js';
import { type PairSet, pairCountOf, rowsToTake } from './pair-set.js';
import type { StoredVector } from './stored-vectors.js';

/** The approximate time to read and enter a row of the build side. */
const SECONDS_PER_BUILD_ROW = 40e-9;
/** The approximate time to read and look up a row of the probe side. */
const SECONDS_PER_PROBE_ROW = 6e-9;
/** The approximate time to count the labels of a pair at one position. */
const SECONDS_PER_LABEL = 20e-12;

/**
 * Returns how many threads to start for comparing vectors: 0 if the work is too little to start threads, otherwise
 * `jobs`. If a vector's file is remote, always returns `jobs`, because reading the file could block the main thread.
 */
export function threadsFor(
  vectors: readonly StoredVector[],
  pairs: PairSet,
  jobs: number,
  limits: ComparisonLimits,
): number {
  if (vectors.some(({ isRemote }) => isRemote)) {
    return jobs;
  }
  const rows = rowsToTake(vectors, pairs);
  const builders = vectors.slice(0, pairs.build);
  const positions = builders.reduce((most, { dataBlocks }) => Math.max(most, dataBlocks), 0);
  const seconds =
    rows.build * SECONDS_PER_BUILD_ROW +
    rows.probe * SECONDS_PER_PROBE_ROW +
    pairCountOf(pairs) * positions * SECONDS_PER_LABEL;
  return seconds <= limits.secondsWithoutThreads ? 0 : jobs;
}
