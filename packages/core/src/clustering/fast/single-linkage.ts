import type { Dendrogram } from '../../contracts/clusterer.js';
import { dendrogramOf, type Join } from '../dendrogram.js';
import type { DistanceRow } from './distance-row.js';
import { minimumSpanningTree, type SpanningTree } from './minimum-spanning-tree.js';

/**
 * Single linkage of `size` ≥ 1 things without a matrix: O(n²) time, O(n) memory, each distance asked for once.
 * The edges of the minimum spanning tree, from the shortest on, are the merges (Gower and Ross 1969).
 * Distances must be finite and ≥ 0; they are not checked.
 */
export function singleLinkage(size: number, distanceRow: DistanceRow): Dendrogram {
  return dendrogramOf(size, joinsAlong(minimumSpanningTree(size, distanceRow), size), 'single');
}

/** What is joined when the tree's edges are added from the shortest on. */
function joinsAlong({ first, second, lengths }: SpanningTree, size: number): Join[] {
  const clusters = new DisjointClusters(size);
  const ascending = Array.from(lengths, (_, edge) => edge).sort((a, b) => lengths[a]! - lengths[b]!);
  return ascending.map((edge) => {
    const left = clusters.clusterOf(first[edge]!);
    const right = clusters.clusterOf(second[edge]!);
    clusters.join(left, right);
    return { left, right, height: lengths[edge]! };
  });
}

/** Which cluster each leaf is in (union-find with path halving, Tarjan and van Leeuwen 1984). */
class DisjointClusters {
  readonly #parents: Int32Array;
  #count: number;

  constructor(size: number) {
    this.#parents = Int32Array.from({ length: 2 * size - 1 }, (_, cluster) => cluster);
    this.#count = size;
  }

  /** The number of the largest cluster that holds the leaf. */
  clusterOf(leaf: number): number {
    const parents = this.#parents;
    let cluster = leaf;
    while (parents[cluster] !== cluster) {
      parents[cluster] = parents[parents[cluster]!]!;
      cluster = parents[cluster]!;
    }
    return cluster;
  }

  /** Makes the next cluster of two. */
  join(left: number, right: number): void {
    this.#parents[left] = this.#count;
    this.#parents[right] = this.#count;
    this.#count++;
  }
}
