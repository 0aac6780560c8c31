import type { Join } from '../join.js';
import type { UpdatedLinkage } from './matrix-band.js';
import type { ShrinkingMatrix } from './shrinking-matrix.js';

/**
 * Clusters by nearest-neighbour chains (Benzécri 1982, Juan 1982; after Müllner, arXiv:1109.2378, figure 3): O(n²) time.
 * For linkages in which a merged cluster is never nearer to others than both of its parts were.
 *
 * Uses the matrix up. The joins come in the order of their making, parts before wholes, which is not that of their
 * heights. Of equally near neighbours the one that the chain comes from is taken, or else the first.
 */
export function nearestNeighbourChain(matrix: ShrinkingMatrix, linkage: UpdatedLinkage): Join[] {
  const size = matrix.count;
  const clusters = Int32Array.from({ length: size }, (_, leaf) => leaf);
  const joins: Join[] = [];

  // Positions in the matrix; each is the nearest neighbour of the one before it.
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
    closeUp(chain, removed);
  }
  return joins;
}

/** Corrects positions for the removal of one that is not among them. */
function closeUp(positions: number[], removed: number): void {
  for (let k = 0; k < positions.length; k++) {
    if (positions[k]! > removed) {
      positions[k]!--;
    }
  }
}
