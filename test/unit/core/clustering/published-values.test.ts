import { describe, expect, test } from '@jest/globals';
import {
  type CondensedMatrix,
  type Dendrogram,
  FastClusterer,
  LINKAGES,
  type Linkage,
  MlHclustClusterer,
} from '@virt-similarity/core';

/** Rows of a linkage matrix: left, right, height, size. */
type Rows = readonly (readonly [number, number, number, number])[];

/**
 * The worked example of Wikipedia's articles on UPGMA, WPGMA, single-linkage and complete-linkage clustering: the
 * Jukes-Cantor distances of the 5S ribosomal RNA of five bacteria (Erdmann and Wolters 1986). The articles list half of
 * each height.
 */
const RIBOSOMAL_RNA: CondensedMatrix = {
  size: 5,
  values: Float64Array.of(17, 21, 31, 23, 30, 34, 21, 28, 39, 43),
};

const RIBOSOMAL_RNA_ROWS: Readonly<Partial<Record<Linkage, Rows>>> = {
  average: [
    [0, 1, 17, 2],
    [4, 5, 22, 3],
    [2, 3, 28, 2],
    [6, 7, 33, 5],
  ],
  weighted: [
    [0, 1, 17, 2],
    [4, 5, 22, 3],
    [2, 3, 28, 2],
    [6, 7, 35, 5],
  ],
  complete: [
    [0, 1, 17, 2],
    [4, 5, 23, 3],
    [2, 3, 28, 2],
    [6, 7, 43, 5],
  ],
};

/** Distances for which `scipy.cluster.hierarchy.linkage` of SciPy 1.17.1 returns the rows below. */
const SEVEN_ITEMS: CondensedMatrix = {
  size: 7,
  values: Float64Array.of(17, 42, 29, 31, 55, 23, 38, 14, 47, 26, 33, 51, 36, 19, 44, 27, 49, 35, 40, 22, 53),
};

const SEVEN_ITEMS_ROWS: Readonly<Record<Linkage, Rows>> = {
  single: [
    [1, 3, 14, 2],
    [0, 7, 17, 3],
    [2, 5, 19, 2],
    [4, 6, 22, 2],
    [8, 10, 23, 5],
    [9, 11, 26, 7],
  ],
  complete: sevenItems(29, 47, 55),
  average: sevenItems(23, 32.666666666666664, 43.4),
  weighted: sevenItems(23, 31.25, 44),
  centroid: sevenItems(22.715633383201094, 29.24608235872513, 39.02396699465599),
  median: sevenItems(22.715633383201094, 27.46816338964074, 39.78379066906521),
  ward: sevenItems(26.229754097208, 45.307835966861184, 65.96254348383741),
};

/** Returns the rows of any linkage except single: the same tree, with the given last three heights. */
function sevenItems(fourth: number, fifth: number, sixth: number): Rows {
  return [
    [1, 3, 14, 2],
    [2, 5, 19, 2],
    [4, 6, 22, 2],
    [0, 7, fourth, 3],
    [9, 10, fifth, 5],
    [8, 11, sixth, 7],
  ];
}

function expectRows({ merges }: Dendrogram, rows: Rows): void {
  expect(merges.map(({ left, right, size }) => [left, right, size])).toEqual(
    rows.map(([a, b, , size]) => [a, b, size]),
  );
  merges.forEach(({ height }, row) => {
    expect(height).toBeCloseTo(rows[row]![2], 12);
  });
}

describe.each([new MlHclustClusterer(), new FastClusterer()])('$name matches', (clusterer) => {
  const known = LINKAGES.filter((linkage) => (clusterer.linkages as readonly Linkage[]).includes(linkage));

  test.each(known)('SciPy under %s linkage', async (linkage) => {
    expectRows(await clusterer.cluster(SEVEN_ITEMS, linkage), SEVEN_ITEMS_ROWS[linkage]);
  });

  test.each(['average', 'weighted', 'complete'] as const)(
    'the published tree of the ribosomal RNA of five bacteria under %s linkage',
    async (linkage) => {
      expectRows(await clusterer.cluster(RIBOSOMAL_RNA, linkage), RIBOSOMAL_RNA_ROWS[linkage]!);
    },
  );

  test('the published heights of the ribosomal RNA of five bacteria under single linkage', async () => {
    const { merges } = await clusterer.cluster(RIBOSOMAL_RNA, 'single');
    expect(merges.map(({ height }) => height)).toEqual([17, 21, 21, 28]);
  });
});
