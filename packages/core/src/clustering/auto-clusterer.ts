import type { Clusterer, CondensedMatrix, Dendrogram, Linkage } from '../contracts/clusterer.js';
import { partToken } from '../contracts/plugin.js';
import { inject, injectable } from '../tsyringe.js';

/** Uses the fast clusterer if it supports the linkage, otherwise ml-hclust. */
@injectable()
export class AutoClusterer implements Clusterer {
  readonly linkages: readonly Linkage[];
  readonly #mlHclust: Clusterer;
  readonly #fast: Clusterer;

  constructor(
    @inject(partToken('clusterer', 'ml-hclust')) mlHclust: Clusterer,
    @inject(partToken('clusterer', 'fast')) fast: Clusterer,
  ) {
    this.linkages = mlHclust.linkages;
    this.#mlHclust = mlHclust;
    this.#fast = fast;
  }

  cluster(matrix: CondensedMatrix, linkage: Linkage): Dendrogram | Promise<Dendrogram> {
    const clusterer = this.#fast.linkages.includes(linkage) ? this.#fast : this.#mlHclust;
    return clusterer.cluster(matrix, linkage);
  }
}
