import assert from 'node:assert/strict';
import {
  type Clusterer,
  type CondensedMatrix,
  type Dendrogram,
  LINKAGES,
  type Linkage,
  type StandardLinkage,
} from '@virt-similarity/core';
import { asserting, assertSame, type ContractTest } from './contract-test.js';
import { assertGreedy } from './greedy-clustering.js';

/** Factories of matrices that every clusterer must handle, by description. */
const MATRICES: Readonly<Record<string, () => readonly CondensedMatrix[]>> = {
  'one item': () => [matrixOf(1, () => 0)],
  'two items': () => [matrixOf(2, () => 7), matrixOf(2, () => 0)],
  'equal items': () => [matrixOf(9, () => 0)],
  'items equally far from each other': () => [matrixOf(9, () => 0.1)],
  'two unrelated pairs of twins': () => [matrixOf(4, (i, j) => (i >> 1 === j >> 1 ? 0 : 5))],
  'items along a line': () => [matrixOf(12, (i, j) => j - i)],
  'random distances': () => [1, 2, 3, 4].map((seed) => matrixOf(12, randomDistances(seed))),
  'heavily tied distances': () => [1, 2, 3, 4].map((seed) => tiedMatrix(12, seed)),
  'large distances': () => [matrixOf(10, scaled(randomDistances(5), 2 ** 45))],
};

/** The contract of every clusterer. */
export function clustererContract(create: () => Clusterer): ContractTest[] {
  return asserting({ of: 'Clusterer', file: 'clusterer.d.ts' }, [
    {
      title: 'lists at least one linkage, each once',
      async run() {
        const { linkages } = create();
        assert.ok(Array.isArray(linkages), 'linkages: expected a list');
        assert.ok(linkages.length > 0, 'linkages: expected at least one');
        assert.equal(new Set(linkages).size, linkages.length, 'linkages: expected no linkage twice');
      },
    },
    ...Object.entries(MATRICES).flatMap(([kind, matrices]) => [
      forEach(`returns well-formed dendrograms of ${kind}`, create, matrices, async (clusterer, matrix, linkage) => {
        assertWellFormed(await clusterer.cluster(matrix, linkage), matrix.size);
      }),
      forEach(`joins the closest clusters first for ${kind}`, create, matrices, async (clusterer, matrix, linkage) => {
        // The suite does not know the definitions of other linkages. For ties, see orderOfTiesIsFree.
        if (isStandard(linkage) && (orderOfTiesIsFree(linkage) || !hasTies(matrix))) {
          assertGreedy(matrix, linkage, await clusterer.cluster(matrix, linkage));
        }
      }),
    ]),
    forEach('returns the same dendrogram each time', create, allMatrices, async (clusterer, matrix, linkage) => {
      const again = await create().cluster(matrix, linkage);
      assertSame(again, await clusterer.cluster(matrix, linkage), `expected the same dendrogram again for ${linkage}`);
    }),
    forEach('does not change the matrix', create, allMatrices, async (clusterer, matrix, linkage) => {
      const before = matrix.values.slice();
      await clusterer.cluster(matrix, linkage);
      assertSame(matrix.values, before, 'cluster() changed the distances; work on a copy');
    }),
  ]);
}

function isStandard(linkage: Linkage): linkage is StandardLinkage {
  return LINKAGES.some((standard) => standard === linkage);
}

/** Returns a test of every matrix with every linkage of the clusterer. */
function forEach(
  title: string,
  create: () => Clusterer,
  matrices: () => readonly CondensedMatrix[],
  check: (clusterer: Clusterer, matrix: CondensedMatrix, linkage: Linkage) => Promise<void>,
): ContractTest {
  return {
    title,
    async run() {
      const clusterer = create();
      for (const matrix of matrices()) {
        for (const linkage of clusterer.linkages) {
          await check(clusterer, matrix, linkage);
        }
      }
    },
  };
}

/** Asserts that a dendrogram is well-formed, as the contract defines it. */
function assertWellFormed({ size, merges, inverted }: Dendrogram, expectedSize: number): void {
  assert.equal(size, expectedSize, `size: expected ${expectedSize}, the number of items, found ${size}`);
  assert.equal(
    merges.length,
    size - 1,
    `merges: expected ${size - 1}, one fewer than the items, found ${merges.length}`,
  );
  const parts = merges.flatMap(({ left, right }) => [left, right]);
  assert.equal(new Set(parts).size, parts.length, 'expected each cluster in at most one merge');
  const partsOf = (cluster: number) => (cluster < size ? { size: 1, height: 0 } : merges[cluster - size]!);
  let inversions = 0;
  merges.forEach((merge, row) => {
    assert.ok(
      0 <= merge.left && merge.left < merge.right,
      `row ${row}: expected the smaller cluster number on the left`,
    );
    assert.ok(merge.right < size + row, `row ${row}: expected both parts to be items or clusters of earlier rows`);
    const leaves = partsOf(merge.left).size + partsOf(merge.right).size;
    assert.equal(merge.size, leaves, `row ${row}: expected a size of ${leaves}, found ${merge.size}`);
    assert.ok(
      Number.isFinite(merge.height) && merge.height >= 0,
      `row ${row}: expected a finite height of 0 or more, found ${merge.height}`,
    );
    inversions += Number(merge.height < Math.max(partsOf(merge.left).height, partsOf(merge.right).height));
  });
  assert.equal(
    inverted,
    inversions > 0,
    'expected inverted to be true if a merge is lower than one of its parts, and false otherwise',
  );
  if (!inverted) {
    const heights = merges.map(({ height }) => height);
    assertSame(
      heights,
      heights.toSorted((a, b) => a - b),
      'expected rows in ascending order of height, as dendrogramOf returns them',
    );
  }
}

/**
 * Returns whether `assertGreedy` accepts merges of equal height in any order. Under centroid and median linkage, it
 * accepts only the order in which the merges were made, because a cluster can be closer to another cluster than the
 * parts of the cluster are. The contract does not require that order.
 */
function orderOfTiesIsFree(linkage: Linkage): boolean {
  return linkage !== 'centroid' && linkage !== 'median';
}

function hasTies({ values }: CondensedMatrix): boolean {
  return new Set(values).size < values.length;
}

function allMatrices(): CondensedMatrix[] {
  return Object.values(MATRICES).flatMap((matrices) => matrices());
}

function matrixOf(size: number, distance: (i: number, j: number) => number): CondensedMatrix {
  const values: number[] = [];
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++) {
      values.push(distance(i, j));
    }
  }
  return { size, values: Float64Array.from(values) };
}

function tiedMatrix(size: number, seed: number): CondensedMatrix {
  const random = randomDistances(seed);
  return matrixOf(size, () => Math.floor(random() * 4));
}

function scaled(distance: () => number, factor: number): () => number {
  return () => distance() * factor;
}

/** Returns a linear congruential generator of numbers ≥ 0 and < 1 (Knuth 1997, section 3.3.4). */
function randomDistances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
