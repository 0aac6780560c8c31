import type { Analysis, Merge } from '@virt-similarity/core';

/**
 * The largest relative difference between the height of a merge and that of its cluster: more than rounding errors,
 * less than a block.
 */
const TOLERANCE = 1e-9;

/** The trees in a report: its dendrogram and its cladogram. */
export type ReportTrees = Pick<Analysis, 'dendrogram' | 'cladogram'>;

/** The part of a node of the cladogram that merges have joined so far. */
interface Gathered {
  /** Number of the node. */
  readonly node: number;
  /** Number of its children in the merged cluster. */
  readonly children: number;
}

/**
 * Checks that both trees are complete, and that combining connected merges of equal height turns the dendrogram into
 * the cladogram. The caller must have checked that every part has a smaller number than its cluster.
 *
 * @throws a plain `Error` that states what was expected and found.
 */
export function checkReportTrees({ dendrogram, cladogram }: ReportTrees): void {
  const { size, merges } = dendrogram;
  const parts = merges.map(({ left, right }) => [left, right]);
  const children = cladogram.nodes.map((node) => node.children);
  requireTree(parts, size, 'merges');
  requireTree(children, size, 'clusters');
  requireSizes(merges, size);
  requireInverted(dendrogram);
  requireSameTree({ dendrogram, cladogram });
}

/** Requires that each image and each cluster, except the last, which is the root, is a part of exactly one cluster. */
function requireTree(parts: readonly (readonly number[])[], size: number, name: string): void {
  const all = parts.flat();
  const expected = size + parts.length - 1;
  if (all.length === expected && new Set(all).size === expected) {
    return;
  }
  const found = `${all.length} parts, ${new Set(all).size} of them different`;
  throw new Error(
    `expected ${name} to be one tree of ${size} images, which has ${expected} different parts, found ${found}`,
  );
}

function requireSizes(merges: readonly Merge[], size: number): void {
  const imagesIn = (cluster: number): number => (cluster < size ? 1 : merges[cluster - size]!.size);
  for (const [index, { left, right, size: found }] of merges.entries()) {
    if (left >= right) {
      throw new Error(
        `expected merge ${index} to name the part of the smaller number first, found ${left} and ${right}`,
      );
    }
    const expected = imagesIn(left) + imagesIn(right);
    if (found !== expected) {
      throw new Error(`expected merge ${index} to have the size ${expected}, found ${found}`);
    }
  }
}

function requireInverted({ size, merges, inverted }: Analysis['dendrogram']): void {
  const heightOf = (cluster: number): number => merges[cluster - size]?.height ?? 0;
  const expected = merges.some(({ left, right, height }) => height < Math.max(heightOf(left), heightOf(right)));
  if (inverted !== expected) {
    throw new Error(`expected inverted to be ${expected}, as the heights of the merges imply, found ${inverted}`);
  }
}

/**
 * Requires that each merge joins children of one node of the cladogram at the node's height, and that connected merges
 * of equal height are in one node.
 */
function requireSameTree({ dendrogram, cladogram: { size, nodes } }: ReportTrees): void {
  const parents = new Map(nodes.flatMap(({ children }, index) => children.map((child) => [child, size + index])));
  /**
   * By cluster of the dendrogram: the number of the same cluster in the cladogram, or, if the cluster is only a part of
   * a node, that part.
   */
  const clusters: (number | Gathered)[] = Array.from({ length: size }, (_, image) => image);
  for (const [index, { left, right, height }] of dendrogram.merges.entries()) {
    const [one, other] = [left, right].map((part): Gathered => {
      const cluster = clusters[part]!;
      return typeof cluster === 'number' ? { node: parents.get(cluster) ?? -1, children: 1 } : cluster;
    });
    const { node } = one!;
    if (node !== other!.node) {
      const found = `that merge ${index} joins parts of clusters ${node} and ${other!.node}`;
      throw new Error(`expected merges and clusters to be the same tree, found ${found}`);
    }
    const expected = nodes[node - size]!;
    if (Math.abs(expected.height - height) > TOLERANCE * Math.max(expected.height, height)) {
      throw new Error(
        `expected merge ${index} to have height ${expected.height}, as cluster ${node} has, found ${height}`,
      );
    }
    const tied = [left, right].find((part) => part >= size && isTied(clusters[part]!, height));
    if (tied !== undefined) {
      throw new Error(`expected merges ${tied - size} and ${index} of height ${height} in one cluster, found two`);
    }
    const children = one!.children + other!.children;
    clusters.push(children === expected.children.length ? node : { node, children });
  }

  function isTied(cluster: number | Gathered, height: number): boolean {
    return typeof cluster === 'number' && nodes[cluster - size]!.height === height;
  }
}
