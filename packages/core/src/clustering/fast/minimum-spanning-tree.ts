import type { DistanceRow } from './distance-row.js';

/** The edges of a tree; edge k joins `first[k]` and `second[k]`. */
export interface SpanningTree {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly lengths: Float64Array;
}

/**
 * The shortest tree that connects `size` things, by Prim's algorithm (1957): O(n²) time, O(n) memory.
 * Asks for the distance of each pair exactly once, so that it needs no matrix. Edges are in the order of their making;
 * of equally near things the first is taken.
 */
export function minimumSpanningTree(size: number, distanceRow: DistanceRow): SpanningTree {
  const edges = Math.max(0, size - 1);
  const tree = { first: new Int32Array(edges), second: new Int32Array(edges), lengths: new Float64Array(edges) };

  // What is not in the tree yet, in ascending order; how far from the tree it is, and from which part of it.
  const outside = Int32Array.from({ length: edges }, (_, k) => k + 1);
  const nearest = new Float64Array(edges).fill(Number.POSITIVE_INFINITY);
  const nearestInside = new Int32Array(edges);
  const row = new Float64Array(edges);

  let newest = 0;
  for (let edge = 0, count = edges; edge < edges; edge++, count--) {
    distanceRow(newest, outside.subarray(0, count), row.subarray(0, count));
    const k = comeNearer(newest, row, count, nearest, nearestInside);
    tree.first[edge] = nearestInside[k]!;
    tree.second[edge] = newest = outside[k]!;
    tree.lengths[edge] = nearest[k]!;
    outside.copyWithin(k, k + 1, count);
    nearest.copyWithin(k, k + 1, count);
    nearestInside.copyWithin(k, k + 1, count);
  }
  return tree;
}

/** Takes note of whatever `newest` is nearer to than the rest of the tree; returns what is now nearest of all. */
function comeNearer(
  newest: number,
  row: Float64Array,
  count: number,
  nearest: Float64Array,
  nearestInside: Int32Array,
): number {
  let best = 0;
  let shortest = Number.POSITIVE_INFINITY;
  for (let k = 0; k < count; k++) {
    let distance = nearest[k]!;
    if (row[k]! < distance) {
      distance = row[k]!;
      nearest[k] = distance;
      nearestInside[k] = newest;
    }
    if (distance < shortest) {
      shortest = distance;
      best = k;
    }
  }
  return best;
}
