/** Which cluster each leaf is in (union-find with path halving, Tarjan and van Leeuwen 1984). */
export class DisjointClusters {
  readonly #parents: Int32Array;
  #count: number;

  /** Each of `size` leaves is a cluster of its own. */
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
