import {
  type Clusterer,
  type CondensedMatrix,
  type Dendrogram,
  dendrogramOf,
  distanceBetween,
  type Join,
  type Plugin,
} from '@virt-similarity/core';

/** A cluster and its items. */
interface Cluster {
  readonly number: number;
  readonly items: readonly number[];
}

/**
 * Minimax linkage (Bien and Tibshirani 2011): two clusters join at the smallest distance d for which one of their
 * items, the prototype, is within d of all the others. If the tree is cut at 100, each cluster has an image from which
 * no other differs by more than 100. O(n³) for balanced trees: suitable for a few hundred images.
 */
export class MinimaxClusterer implements Clusterer {
  readonly linkages = ['minimax'];

  cluster(matrix: CondensedMatrix, linkage: string): Dendrogram {
    const { size } = matrix;
    const joins: Join[] = [];
    let clusters: Cluster[] = Array.from({ length: size }, (_, item) => ({ number: item, items: [item] }));
    while (clusters.length > 1) {
      const { left, right, height } = closest(matrix, clusters);
      const joined = { number: size + joins.length, items: [...left.items, ...right.items] };
      joins.push({ left: left.number, right: right.number, height });
      clusters = [...clusters.filter((each) => each !== left && each !== right), joined];
    }
    return dendrogramOf(size, joins, linkage);
  }
}

function closest(matrix: CondensedMatrix, clusters: readonly Cluster[]) {
  let found: { left: Cluster; right: Cluster; height: number } | undefined;
  for (const [index, left] of clusters.entries()) {
    for (const right of clusters.slice(index + 1)) {
      const height = radius(matrix, [...left.items, ...right.items]);
      if (found === undefined || height < found.height) {
        found = { left, right, height };
      }
    }
  }
  return found!;
}

/** Returns the distance from the prototype of these items to the item that is farthest from it. */
function radius(matrix: CondensedMatrix, items: readonly number[]): number {
  return Math.min(...items.map((item) => Math.max(...items.map((other) => distanceBetween(matrix, item, other)))));
}

export default {
  name: 'minimax-clusterer',
  url: import.meta.url,
  version: '0.1.0',
  core: '^0.1.0',
  clusterers: { minimax: MinimaxClusterer },
} satisfies Plugin;
