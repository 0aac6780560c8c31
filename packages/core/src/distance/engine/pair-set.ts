import { condensedIndex } from '../condensed-index.js';
import { rowsOf, type StoredVector } from './stored-vectors.js';

/**
 * Which pairs of vectors of a list are counted, and where the counts of each pair are stored. The terms are those of a
 * hash join: digests of the build side are entered into tables, and those of the probe side are looked up there.
 */
export interface PairSet {
  /** The number of vectors of the build side, which are at the beginning of the list. */
  readonly build: number;
  /**
   * The number of vectors of the probe side, which follow those of the build side. Each vector of the probe side is
   * paired with each vector of the build side. If 0, the vectors of the build side are paired with each other.
   */
  readonly probe: number;
  /** The distance between the counts of consecutive vectors of the build side; 0 if the probe side is empty. */
  readonly buildStep: number;
  /** The distance between the counts of consecutive vectors of the probe side; 0 if it is empty. */
  readonly probeStep: number;
}

/** Consecutive vectors of a list. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

/**
 * The fewest vectors in a part of the probe side, except the last part. For each part, the build side is read again.
 */
const FEWEST_PROBES = 256;
/** The vectors in a part of the probe side for each vector of the build side. */
const PROBES_PER_BUILD = 8;

/** Returns the set of all pairs of `size` vectors, condensed. */
export function pairsWithin(size: number): PairSet {
  return { build: size, probe: 0, buildStep: 0, probeStep: 0 };
}

/**
 * Returns the set of all pairs of one of `rows` vectors with one of `columns` vectors, row-major. The smaller side, or
 * the row side if both are equal, is the build side: the list begins with its vectors.
 */
export function pairsBetween(rows: number, columns: number): PairSet {
  return rows <= columns
    ? { build: rows, probe: columns, buildStep: columns, probeStep: 1 }
    : { build: columns, probe: rows, buildStep: 1, probeStep: columns };
}

/** Returns the number of pairs. */
export function pairCountOf({ build, probe }: PairSet): number {
  return probe === 0 ? (build * (build - 1)) / 2 : build * probe;
}

/**
 * Returns where the counts of pairs with vector `first` of the build side are: the count with vector `second` is at
 * `start` + `second` × `step`. If there is no probe side, `second` must be greater than `first`.
 */
export function placesOf(
  { build, probe, buildStep, probeStep }: PairSet,
  first: number,
): { start: number; step: number } {
  if (probe === 0) {
    return { start: condensedIndex(build, first, first + 1) - first - 1, step: 1 };
  }
  return { start: first * buildStep - build * probeStep, step: probeStep };
}

/** Splits the probe side into parts to compare one after the other; a single empty part if there is no probe side. */
export function probeSpans({ build, probe }: PairSet): Span[] {
  const size = build + probe;
  const length = probesAtOnce({ build, probe });
  const spans: Span[] = [];
  for (let first = build; first < size; first += length) {
    spans.push({ first, end: Math.min(first + length, size) });
  }
  return spans.length === 0 ? [{ first: size, end: size }] : spans;
}

/** Returns the number of vectors in the longest part of the probe side. */
export function probesAtOnce({ build, probe }: Pick<PairSet, 'build' | 'probe'>): number {
  return Math.min(probe, Math.max(FEWEST_PROBES, PROBES_PER_BUILD * build));
}

/**
 * Returns the kernel's slot for the first vector of a part; a multiple of 4, because the kernel counts four rows at a
 * time.
 */
export function firstProbeSlot({ build }: PairSet): number {
  return Math.ceil(build / 4) * 4;
}

/** Returns the number of slots of the kernel that are needed for one part of the probe side. */
export function slotsOf(pairs: PairSet): number {
  return pairs.probe === 0 ? pairs.build : firstProbeSlot(pairs) + probesAtOnce(pairs);
}

/**
 * Returns how many rows of each side are taken or skipped to count the pairs. The rows of the build side are taken once
 * for each part of the probe side.
 */
export function rowsToTake(vectors: readonly StoredVector[], pairs: PairSet): { build: number; probe: number } {
  const build = rowsOf(vectors.slice(0, pairs.build));
  return { build: build * probeSpans(pairs).length, probe: rowsOf(vectors) - build };
}
