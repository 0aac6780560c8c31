import type { ComparisonLimits } from './comparison.js';
import { rowsOf, type StoredVector } from './stored-vectors.js';

/** Seconds that reading and labelling a row take, and counting a pair's labels at a position; rough, on any machine. */
const SECONDS_PER_ROW = 40e-9;
const SECONDS_PER_LABEL = 20e-12;

/**
 * How many threads to start for comparing vectors: none where that would take longer than the work, unless the work
 * could block the main thread.
 */
export function threadsFor(vectors: readonly StoredVector[], jobs: number, limits: ComparisonLimits): number {
  if (vectors.some(({ isRemote }) => isRemote)) {
    return jobs;
  }
  const positions = vectors.reduce((most, { dataBlocks }) => Math.max(most, dataBlocks), 0);
  const pairs = (vectors.length * (vectors.length - 1)) / 2;
  const seconds = rowsOf(vectors) * SECONDS_PER_ROW + pairs * positions * SECONDS_PER_LABEL;
  return seconds <= limits.secondsWithoutThreads ? 0 : jobs;
}
