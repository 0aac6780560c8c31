import type { AgglomerationMethod, Cluster } from 'ml-hclust';
import {
  type Clusterer,
  type CondensedMatrix,
  type Dendrogram,
  LINKAGES,
  type Linkage,
  type StandardLinkage,
} from '../contracts/clusterer.js';
import { unknownName, wording } from '../errors.js';
import { requireMemory } from '../memory/require-memory.js';
import { validateMatrix } from './condensed-matrix.js';
import { dendrogramOf } from './dendrogram.js';
import type { Join } from './join.js';
import { squareMatrix } from './square-matrix.js';

/**
 * ml-hclust's name for each linkage's update formula, and whether the formula is defined for squared distances. If it
 * is, ml-hclust gets the squares of the distances, and its heights are squares. (Its method `ward2` accepts plain
 * distances, but rounds at every square root.)
 */
const FORMULAS: Readonly<Record<StandardLinkage, { method: AgglomerationMethod; squared: boolean }>> = {
  single: { method: 'single', squared: false },
  complete: { method: 'complete', squared: false },
  average: { method: 'upgma', squared: false },
  weighted: { method: 'wpgma', squared: false },
  centroid: { method: 'upgmc', squared: true },
  median: { method: 'wpgmc', squared: true },
  ward: { method: 'ward', squared: true },
};

/** Square matrices in memory at a time: the input, ml-hclust's copy, and the smaller matrix that a merge creates. */
const SQUARES = 3;

/**
 * Supports every standard linkage through the ml-hclust package. Takes O(n³) time: suitable for a few hundred items.
 */
export class MlHclustClusterer implements Clusterer {
  readonly linkages = LINKAGES;

  /**
   * @throws `usage` for an unknown linkage or an invalid matrix, `unavailable` if the square copies of the matrix
   *   certainly do not fit in memory.
   */
  async cluster(matrix: CondensedMatrix, linkage: Linkage): Promise<Dendrogram> {
    // ml-hclust returns a corrupt tree for NaN.
    validateMatrix(matrix);
    if (!Object.hasOwn(FORMULAS, linkage)) {
      throw unknownName('linkage', linkage, LINKAGES);
    }
    requireMemory({
      bytes: SQUARES * matrix.size ** 2 * Float64Array.BYTES_PER_ELEMENT,
      purpose: `cluster ${matrix.size} items`,
      remedy: wording`choose another linkage and ${{ option: 'clusterer', value: 'fast' }}, or cluster fewer items at a time`,
    });
    // Loaded only when used: loading takes longer than clustering ten images.
    const { agnes } = await import('ml-hclust');
    const { method, squared } = FORMULAS[linkage as StandardLinkage];
    const values = squared ? matrix.values.map((distance) => distance * distance) : matrix.values;
    const root = agnes(squareMatrix({ size: matrix.size, values }), { method, isDistanceMatrix: true });
    const joins = joinsBelow(root, matrix.size);
    return dendrogramOf(
      matrix.size,
      squared ? joins.map((join) => ({ ...join, height: Math.sqrt(join.height) })) : joins,
      linkage,
    );
  }
}

/** Returns the merges of ml-hclust's tree, children before parents. */
function joinsBelow(root: Cluster, size: number): Join[] {
  const topDown: Cluster[] = [];
  const pending = [root];
  for (let cluster = pending.pop(); cluster !== undefined; cluster = pending.pop()) {
    if (!cluster.isLeaf) {
      topDown.push(cluster);
      pending.push(...cluster.children);
    }
  }
  const numbers = new Map<Cluster, number>();
  return topDown.reverse().map((cluster, k) => {
    numbers.set(cluster, size + k);
    const [left, right] = cluster.children.map((child) => (child.isLeaf ? child.index : numbers.get(child)!));
    return { left: left!, right: right!, height: cluster.height };
  });
}
