import type { HashVector } from '../contracts/hash-vector.js';
import type { Segment } from './segment.js';

/**
 * A segment, and its vectors that are part of the index and of no earlier segment, in the order of its keys;
 * `undefined` for its other vectors.
 */
export interface Part {
  readonly segment: Segment;
  readonly vectors: readonly (HashVector | undefined)[];
}

/**
 * Assigns each vector to one segment, first to the segments that have the most of the vectors. Leaves out segments
 * without vectors.
 */
export function partsOf(segments: readonly Segment[], byKey: ReadonlyMap<string, HashVector>): Part[] {
  const remaining = new Map(byKey);
  const known = segments.map((segment) => ({ segment, count: segment.keys.filter((key) => byKey.has(key)).length }));
  return known
    .toSorted((one, other) => other.count - one.count)
    .map(({ segment }) => {
      const vectors = segment.keys.map((key) => {
        const vector = remaining.get(key);
        remaining.delete(key);
        return vector;
      });
      return { segment, vectors };
    })
    .filter(({ vectors }) => vectors.some((vector) => vector !== undefined));
}

/** Returns the keys of a part's vectors. */
export function keysIn({ segment, vectors }: Part): string[] {
  return segment.keys.filter((_, index) => vectors[index] !== undefined);
}
