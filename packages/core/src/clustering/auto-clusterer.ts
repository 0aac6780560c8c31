import type { Clusterer, CondensedMatrix, Dendrogram, Linkage } from '../contracts/clusterer.js';
import { inject, injectable } from '../tsyringe.js';
import { FastClusterer } from './fast/fast-clusterer.js';
import { MlHclustClusterer } from './ml-hclust-clusterer.js';

/** Up to this many things ml-hclust clusters in well under a second. */
export const LARGEST_FOR_ML_HCLUST = 256;

/** ml-hclust for few things and for linkages that only it has, the fast engine for the rest. */
@injectable()
export class AutoClusterer implements Clusterer {
  readonly name = 'auto';
  readonly linkages: readonly Linkage[];
  readonly #mlHclust: Clusterer;
  readonly #fast: Clusterer;

  constructor(@inject(MlHclustClusterer) mlHclust: Clusterer, @inject(FastClusterer) fast: Clusterer) {
    this.linkages = mlHclust.linkages;
    this.#mlHclust = mlHclust;
    this.#fast = fast;
  }

  cluster(matrix: CondensedMatrix, linkage: Linkage): Dendrogram | Promise<Dendrogram> {
    const isFew = matrix.size <= LARGEST_FOR_ML_HCLUST;
    const engine = isFew || !this.#fast.linkages.includes(linkage) ? this.#mlHclust : this.#fast;
    return engine.cluster(matrix, linkage);
  }
}
