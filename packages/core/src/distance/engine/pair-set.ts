import { condensedIndex } from '../condensed-index.js';
import { rowsOf, type StoredVector } from './stored-vectors.js';

/**
 * Which pairs of a list of vectors are counted, and where the counts of each pair are kept. The terms are those of a hash
 * join: digests of the build side are entered into tables, and those of the probe side are looked up there.
 */
export interface PairSet {
  /** Vectors at the beginning of the list. */
  readonly build: number;
  /** The vectors after them; each is paired with each of the build side. If 0, those of the build side are paired. */
  readonly probe: number;
  /** How far apart the counts are of vectors that follow each other; of no meaning where the probe side is empty. */
  readonly buildStep: number;
  readonly probeStep: number;
}

/** Consecutive vectors of a list. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

/** Vectors of the probe side that are compared at a time, and how many for each of the build side, which is read anew. */
const FEWEST_PROBES = 256;
const PROBES_PER_BUILD = 8;

/** Every pair of `size` vectors, condensed. */
export function pairsWithin(size: number): PairSet {
  return { build: size, probe: 0, buildStep: 0, probeStep: 0 };
}

/**
 * Every pair of one of `rows` vectors with one of `columns`, row-major. The smaller side is the build side: the list
 * begins with its vectors.
 */
export function pairsBetween(rows: number, columns: number): PairSet {
  return rows <= columns
    ? { build: rows, probe: columns, buildStep: columns, probeStep: 1 }
    : { build: columns, probe: rows, buildStep: 1, probeStep: columns };
}

/** How many pairs there are. */
export function pairCountOf({ build, probe }: PairSet): number {
  return probe === 0 ? (build * (build - 1)) / 2 : build * probe;
}

/** Where counts of pairs with a vector of the build side are kept: those with a `second` one at `start` + `second` × `step`. */
export function placesOf(
  { build, probe, buildStep, probeStep }: PairSet,
  first: number,
): { start: number; step: number } {
  if (probe === 0) {
    return { start: condensedIndex(build, first, first + 1) - first - 1, step: 1 };
  }
  return { start: first * buildStep - build * probeStep, step: probeStep };
}

/** The probe side in parts that are compared one after the other; a single empty part where there is none. */
export function probeSpans({ build, probe }: PairSet): Span[] {
  const size = build + probe;
  const length = probesAtOnce({ build, probe });
  const spans: Span[] = [];
  for (let first = build; first < size; first += length) {
    spans.push({ first, end: Math.min(first + length, size) });
  }
  return spans.length === 0 ? [{ first: size, end: size }] : spans;
}

/** Vectors in the longest of these parts. */
export function probesAtOnce({ build, probe }: Pick<PairSet, 'build' | 'probe'>): number {
  return Math.min(probe, Math.max(FEWEST_PROBES, PROBES_PER_BUILD * build));
}

/** The kernel's slot for the first vector of such a part: it counts four rows at a time. */
export function firstProbeSlot({ build }: PairSet): number {
  return Math.ceil(build / 4) * 4;
}

/** Slots of the kernel that are in use at most. */
export function slotsOf(pairs: PairSet): number {
  return pairs.probe === 0 ? pairs.build : firstProbeSlot(pairs) + probesAtOnce(pairs);
}

/** Rows of each side that are taken to count the pairs: those of the build side once for each part of the other. */
export function rowsToTake(vectors: readonly StoredVector[], pairs: PairSet): { build: number; probe: number } {
  const build = rowsOf(vectors.slice(0, pairs.build));
  return { build: build * probeSpans(pairs).length, probe: rowsOf(vectors) - build };
}
