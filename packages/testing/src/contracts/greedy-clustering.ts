import assert from 'node:assert/strict';
import type { CondensedMatrix, Dendrogram, StandardLinkage } from '@virt-similarity/core';

/** The distances between the clusters i, j and k, and the number of leaves of each. The clusters i and j are joined. */
interface Joined {
  readonly ik: number;
  readonly jk: number;
  readonly ij: number;
  readonly i: number;
  readonly j: number;
  readonly k: number;
}

/** The distance from the cluster that joins i and j to the cluster k, by linkage (Lance and Williams 1967). */
const UPDATES: Readonly<Record<StandardLinkage, (joined: Joined) => number>> = {
  single: ({ ik, jk }) => Math.min(ik, jk),
  complete: ({ ik, jk }) => Math.max(ik, jk),
  average: ({ ik, jk, i, j }) => (i * ik + j * jk) / (i + j),
  weighted: ({ ik, jk }) => (ik + jk) / 2,
  centroid: ({ ik, jk, ij, i, j }) => Math.sqrt((i * ik ** 2 + j * jk ** 2 - (i * j * ij ** 2) / (i + j)) / (i + j)),
  median: ({ ik, jk, ij }) => Math.sqrt(ik ** 2 / 2 + jk ** 2 / 2 - ij ** 2 / 4),
  ward: ({ ik, jk, ij, i, j, k }) => Math.sqrt(((i + k) * ik ** 2 + (j + k) * jk ** 2 - k * ij ** 2) / (i + j + k)),
};

/**
 * Replays a dendrogram on its matrix by the definition of the linkage, in O(n³) time. Asserts that the height of every
 * merge is the distance of the two clusters that it joins, and that no other two clusters were closer at that moment.
 * If distances tie, several dendrograms pass; under centroid and median linkage, only those whose rows are in the order
 * in which the merges were made.
 */
export function assertGreedy(matrix: CondensedMatrix, linkage: StandardLinkage, { merges }: Dendrogram): void {
  const { size } = matrix;
  const distances = squareOf(matrix);
  const sizes = new Map(Array.from({ length: size }, (_, leaf) => [leaf, 1]));
  merges.forEach(({ left, right, height }, row) => {
    const ij = distances[left]![right]!;
    assertClose(height, ij, `row ${row} of ${linkage} joins ${left} and ${right} at the wrong height`);
    const shortest = shortestAmong([...sizes.keys()], distances);
    assert.ok(
      ij <= shortest * (1 + 1e-9),
      `row ${row} of ${linkage} joins at ${ij}, but the shortest distance is ${shortest}`,
    );

    const [i, j] = [sizes.get(left)!, sizes.get(right)!];
    sizes.delete(left);
    sizes.delete(right);
    distances.push([]);
    for (const [other, k] of sizes) {
      const joined = { ik: distances[left]![other]!, jk: distances[right]![other]!, ij, i, j, k };
      const distance = UPDATES[linkage](joined);
      distances[size + row]![other] = distance;
      distances[other]![size + row] = distance;
    }
    sizes.set(size + row, i + j);
  });
}

/** Asserts that two heights are equal except for rounding. */
function assertClose(actual: number, expected: number, message: string): void {
  assert.ok(
    Math.abs(actual - expected) <= 1e-9 * Math.max(1, expected),
    `${message}: ${actual} instead of ${expected}`,
  );
}

function squareOf({ size, values }: CondensedMatrix): number[][] {
  const square = Array.from({ length: size }, (): number[] => []);
  let index = 0;
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++) {
      square[i]![j] = square[j]![i] = values[index++]!;
    }
  }
  return square;
}

function shortestAmong(clusters: readonly number[], distances: readonly (readonly number[])[]): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (const a of clusters) {
    for (const b of clusters) {
      if (a < b) {
        shortest = Math.min(shortest, distances[a]![b]!);
      }
    }
  }
  return shortest;
}
