import { type BaseTree, childrenOf, isDataOver } from './base-tree.js';
import { type BlockPattern, UNIQUE, ZERO } from './block-patterns.js';
import { NO_PARENT } from './optimum-branching.js';

/**
 * Assigns a block to each new base at each block number, so that all files together contain the least data. This is
 * Sankoff's parsimony (SIAM Journal on Applied Mathematics 28, 1975): a data block that differs from the block of the
 * base costs 1, and a zero cluster costs nothing. The assignment is optimal for the tree. If several blocks are optimal
 * for a base, and one of them is the block of its own base, that block is chosen.
 */
export class AncestralBlocks {
  readonly #tree: BaseTree;
  readonly #children: readonly (readonly number[])[];
  /** Bases, each before its children. */
  readonly #order: readonly number[];

  constructor(tree: BaseTree) {
    this.#tree = tree;
    const children = childrenOf(tree);
    this.#children = children;
    const order = [...tree.parents.keys()].filter((node) => node >= tree.images && tree.parents[node]! < 0);
    for (const node of order) {
      order.push(...children[node]!.filter((child) => child >= tree.images));
    }
    this.#order = order;
  }

  /**
   * Returns the label of each node at the pattern's block numbers. Images keep the labels that they have in the
   * pattern.
   */
  labelsOf({ labels, shared }: BlockPattern): Uint16Array {
    const { images, parents } = this.#tree;
    const width = shared + 1;
    const costs = new Float64Array((parents.length - images) * width);
    const least = new Float64Array(parents.length - images);
    for (let index = this.#order.length - 1; index >= 0; index--) {
      const node = this.#order[index]!;
      this.#addCosts(node, labels, width, costs, least);
    }
    const assigned = new Uint16Array(parents.length);
    assigned.set(labels);
    for (const node of this.#order) {
      const below = parents[node]! < 0 ? ZERO : assigned[parents[node]!]!;
      const offset = (node - images) * width;
      assigned[node] =
        costs[offset + below]! <= least[node - images]! ? below : cheapestLabel(costs.subarray(offset, offset + width));
    }
    return assigned;
  }

  /**
   * Sets the costs of a base; the costs of the bases on it must be set already. For each label that the base can have,
   * sets `costs` to the least number of data clusters in all files above the base. Sets `least` to the minimum over all
   * labels of that number plus the base's own data cluster: 1, or 0 for the label `ZERO`.
   */
  #addCosts(node: number, labels: Uint16Array, width: number, costs: Float64Array, least: Float64Array): void {
    const { images } = this.#tree;
    const offset = (node - images) * width;
    let data = 0;
    for (const child of this.#children[node]!) {
      if (child < images) {
        const label = labels[child]!;
        if (label !== ZERO) {
          data += 1;
          if (label !== UNIQUE) {
            costs[offset + label]! -= 1;
          }
        }
      } else {
        const own = least[child - images]!;
        for (let label = 0; label < width; label++) {
          costs[offset + label]! += Math.min(costs[(child - images) * width + label]!, own);
        }
      }
    }
    let best = Number.POSITIVE_INFINITY;
    for (let label = 0; label < width; label++) {
      costs[offset + label]! += data;
      best = Math.min(best, costs[offset + label]! + (label === ZERO ? 0 : 1));
    }
    least[node - images] = best;
  }

  /** Counts the clusters in the file of each node, now and if the base of the file were removed. */
  countsOf(patterns: readonly BlockPattern[]): AncestralCounts {
    const { parents } = this.#tree;
    const data = new Float64Array(parents.length);
    const zeros = new Float64Array(parents.length);
    const dataOnNext = new Float64Array(parents.length);
    for (const pattern of patterns) {
      const labels = this.labelsOf(pattern);
      const weight = pattern.blocks.length;
      for (const [node, parent] of parents.entries()) {
        const label = labels[node]!;
        const below = labels[parent] ?? ZERO;
        if (isDataOver(label, below)) {
          data[node]! += weight;
        } else if (label !== below) {
          zeros[node]! += weight;
        }
        const next = labels[parents[parent] ?? NO_PARENT] ?? ZERO;
        if (isDataOver(label, next)) {
          dataOnNext[node]! += weight;
        }
      }
    }
    return { data, zeros, dataOnNext };
  }
}

/** Numbers of clusters in the file of each node. */
export interface AncestralCounts {
  /** Clusters with data. */
  readonly data: Float64Array;
  /** Clusters that are zero where the base has data. */
  readonly zeros: Float64Array;
  /** Clusters with data if the base of the file were removed, so that the base of that base, if any, replaced it. */
  readonly dataOnNext: Float64Array;
}

function cheapestLabel(costs: Float64Array): number {
  let best = ZERO;
  for (let label = 1; label < costs.length; label++) {
    if (costs[label]! + 1 < costs[best]! + (best === ZERO ? 0 : 1)) {
      best = label;
    }
  }
  return best;
}
