import type { Join } from '../dendrogram.js';
import type { RowUpdate } from './row-update.js';
import type { ShrinkingMatrix } from './shrinking-matrix.js';

/**
 * Clusters by nearest-neighbour chains (Benzécri 1982, Juan 1982; after Müllner, arXiv:1109.2378, figure 3): O(n²) time.
 * For linkages in which a merged cluster is never nearer to others than both of its parts were.
 *
 * Uses the matrix up. The joins come in the order of their making, parts before wholes, which is not that of their
 * heights. Of equally near neighbours the one that the chain comes from is taken, or else the first.
 */
export function nearestNeighbourChain(matrix: ShrinkingMatrix, update: RowUpdate): Join[] {
  const size = matrix.count;
  const clusters = Int32Array.from({ length: size }, (_, leaf) => leaf);
  const sizes = new Float64Array(size).fill(1);
  const joins: Join[] = [];

  // Positions in the matrix; each is the nearest neighbour of the one before it.
  const chain: number[] = [];
  let tipRow = new Float64Array(size);
  let previousRow = new Float64Array(size);
  let previousRowIsFilled = false;
  while (matrix.count > 1) {
    if (chain.length === 0) {
      chain.push(0);
    }
    const tip = chain.at(-1)!;
    const previous = chain.at(-2) ?? -1;
    matrix.gather(tip, tipRow);
    const nearest = nearestIn(tipRow, matrix.count, previous);
    if (nearest !== previous) {
      chain.push(nearest);
      [tipRow, previousRow] = [previousRow, tipRow];
      previousRowIsFilled = true;
      continue;
    }

    if (!previousRowIsFilled) {
      matrix.gather(previous, previousRow);
    }
    const height = tipRow[previous]!;
    const pair = { firstSize: sizes[tip]!, secondSize: sizes[previous]!, height };
    update(tipRow, previousRow, sizes, matrix.count, pair);
    // The merged cluster takes the later position, whose distances lie closer together in memory.
    const kept = Math.max(tip, previous);
    const removed = Math.min(tip, previous);
    matrix.scatter(kept, previousRow);
    sizes[kept] = pair.firstSize + pair.secondSize;
    joins.push({ left: clusters[tip]!, right: clusters[previous]!, height });
    clusters[kept] = size + joins.length - 1;

    matrix.remove(removed);
    sizes.copyWithin(removed, removed + 1);
    clusters.copyWithin(removed, removed + 1);
    chain.length -= 2;
    closeUp(chain, removed);
    previousRowIsFilled = false;
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

/** The position of the smallest of the first `count` values: `preferred`, unless negative, or else the first such. */
function nearestIn(row: Float64Array, count: number, preferred: number): number {
  let nearest = preferred;
  let shortest = preferred < 0 ? Number.POSITIVE_INFINITY : row[preferred]!;
  for (let k = 0; k < count; k++) {
    if (row[k]! < shortest) {
      shortest = row[k]!;
      nearest = k;
    }
  }
  return nearest;
}
