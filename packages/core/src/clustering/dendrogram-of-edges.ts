import type { Dendrogram } from '../contracts/clusterer.js';
import { VirtSimilarityError } from '../errors.js';
import { dendrogramOf } from './dendrogram.js';
import { DisjointClusters } from './fast/disjoint-clusters.js';
import type { Join } from './join.js';
import { LARGEST_DISTANCE, unusableDistance } from './unusable-distance.js';

/** A pair of items and their distance. */
export interface Edge {
  /** Number of an item, from 0. */
  readonly from: number;
  /** Number of another item. */
  readonly to: number;
  /** From 0 to {@link LARGEST_DISTANCE}. */
  readonly distance: number;
}

/**
 * Returns the single-linkage dendrogram of items from the distances of some pairs, such as the edges of a minimum
 * spanning tree or all pairs below a threshold (Kruskal 1956; Gower and Ross 1969). The order of the edges does not
 * matter. O(e log e) time for e edges.
 *
 * @param size number of items, at least 1
 * @throws `usage` if `size` is not a positive integer, if an edge does not join two different items at a usable
 *   distance, or if the edges do not connect all items.
 */
export function dendrogramOfEdges(size: number, edges: Iterable<Edge>): Dendrogram {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new VirtSimilarityError('usage', `[clustering] expected at least one item, found size ${size}`);
  }
  const ascending = Array.from(edges, (edge) => {
    requireUsable(edge, size);
    return { low: Math.min(edge.from, edge.to), high: Math.max(edge.from, edge.to), distance: edge.distance };
  }).sort((one, other) => one.distance - other.distance || one.low - other.low || one.high - other.high);
  if (ascending.length < size - 1) {
    throw unconnected(size, `${ascending.length} edges`);
  }
  const clusters = new DisjointClusters(size);
  const joins: Join[] = [];
  for (const { low, high, distance } of ascending) {
    const left = clusters.clusterOf(low);
    const right = clusters.clusterOf(high);
    if (left !== right) {
      clusters.join(left, right);
      joins.push({ left, right, height: distance });
    }
  }
  if (joins.length < size - 1) {
    throw unconnected(size, `${size - joins.length} groups without an edge between them`);
  }
  return dendrogramOf(size, joins, 'single');
}

function unconnected(size: number, found: string): VirtSimilarityError {
  return new VirtSimilarityError(
    'usage',
    `[clustering] expected edges that connect ${size} items, found ${found}; add edges`,
  );
}

function requireUsable({ from, to, distance }: Edge, size: number): void {
  const isItem = (number: number): boolean => Number.isInteger(number) && number >= 0 && number < size;
  if (!isItem(from) || !isItem(to) || from === to) {
    const expected = `an edge between two different items from 0 to ${size - 1}`;
    throw new VirtSimilarityError('usage', `[clustering] expected ${expected}, found one from ${from} to ${to}`);
  }
  if (!(distance >= 0 && distance <= LARGEST_DISTANCE)) {
    throw unusableDistance(from, to, distance);
  }
}
