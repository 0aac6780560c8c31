import type { HashVector } from '../contracts/hash-vector.js';
import type { Segment } from './segment.js';

/**
 * A segment of an index, and the vectors that are compared by means of this segment. `vectors` has one element for each
 * key of the segment, in the same order; `undefined` for a vector that is not in the index or belongs to an earlier
 * part.
 */
export interface Part {
  readonly segment: Segment;
  readonly vectors: readonly (HashVector | undefined)[];
}

/**
 * Assigns each vector to the segment that contains it; if there are several, to the segment that contains the most of
 * the given vectors. Leaves out vectors that no segment contains, and segments to which no vector is assigned.
 *
 * @param byKey the vectors by their keys
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
