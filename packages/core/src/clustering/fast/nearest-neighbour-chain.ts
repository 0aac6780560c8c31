import type { Join } from '../join.js';
import type { UpdatedLinkage } from './matrix-band.js';
import type { ShrinkingMatrix } from './shrinking-matrix.js';

/**
 * Clusters by nearest-neighbour chains (Benzécri 1982, Juan 1982; after Müllner, arXiv:1109.2378, figure 3): O(n²)
 * time. Requires a linkage in which a merged cluster is never nearer to another cluster than the nearer of its children
 * was.
 *
 * Consumes the matrix. Returns the joins in the order in which they were made: children before parents, but not by
 * height. Among equally near neighbours of a cluster, the chain prefers its previous cluster, and otherwise the first
 * neighbour.
 */
export function nearestNeighbourChain(matrix: ShrinkingMatrix, linkage: UpdatedLinkage): Join[] {
  const size = matrix.count;
  const clusters = Int32Array.from({ length: size }, (_, leaf) => leaf);
  const joins: Join[] = [];

  // Positions in the matrix; each is the nearest neighbour of the previous position.
  const chain: number[] = [];
  let [tipRow, previousRow] = matrix.rows;
  while (matrix.count > 1) {
    if (chain.length === 0) {
      chain.push(0);
    }
    const tip = chain.at(-1)!;
    const previous = chain.at(-2);
    matrix.gather(tip, tipRow);
    const nearest = matrix.nearest(tipRow);
    if (previous === undefined || tipRow.distances[nearest]! < tipRow.distances[previous]!) {
      chain.push(nearest);
      [tipRow, previousRow] = [previousRow, tipRow];
      continue;
    }

    if (previousRow.position !== previous) {
      matrix.gather(previous, previousRow);
    }
    joins.push({ left: clusters[tip]!, right: clusters[previous]!, height: tipRow.distances[previous]! });
    matrix.merge(tipRow, previousRow, linkage);

    clusters[Math.max(tip, previous)] = size + joins.length - 1;
    const removed = Math.min(tip, previous);
    clusters.copyWithin(removed, removed + 1);
    chain.length -= 2;
    shiftDown(chain, removed);
  }
  return joins;
}

/** Adapts positions to the removal of the position `removed`, which is not one of them. */
function shiftDown(positions: number[], removed: number): void {
  for (let k = 0; k < positions.length; k++) {
    if (positions[k]! > removed) {
      positions[k]!--;
    }
  }
}
