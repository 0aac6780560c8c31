/** Tracks which cluster each leaf is in: union-find with path halving (Tarjan and van Leeuwen 1984). */
export class DisjointClusters {
  readonly #parents: Int32Array;
  #count: number;

  /** Starts with each of `size` leaves as its own cluster. */
  constructor(size: number) {
    this.#parents = Int32Array.from({ length: 2 * size - 1 }, (_, cluster) => cluster);
    this.#count = size;
  }

  /** Returns the number of the largest cluster that contains the leaf. */
  clusterOf(leaf: number): number {
    const parents = this.#parents;
    let cluster = leaf;
    while (parents[cluster] !== cluster) {
      parents[cluster] = parents[parents[cluster]!]!;
      cluster = parents[cluster]!;
    }
    return cluster;
  }

  /** Joins two clusters to form the cluster with the next number. */
  join(left: number, right: number): void {
    this.#parents[left] = this.#count;
    this.#parents[right] = this.#count;
    this.#count++;
  }
}
