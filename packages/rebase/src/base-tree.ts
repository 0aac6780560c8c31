import { type BlockPattern, UNIQUE, ZERO } from './block-patterns.js';
import { clustersPerTable } from './qcow2-size.js';

/**
 * A forest of images and new bases. Nodes 0 to `images` − 1 are the images; the other nodes are new bases. The parent
 * of a node is its base.
 */
export interface BaseTree {
  /** Number of images. */
  readonly images: number;
  /** By node: the node that is its base, or `NO_PARENT`. */
  readonly parents: Int32Array;
}

/** What each file contains in addition to its base, by node. */
export interface TreeContents {
  /** Clusters with data. */
  readonly data: Float64Array;
  /** L2 tables: one for each range of `clustersPerTable` clusters in which the file differs from its base. */
  readonly tables: Float64Array;
}

/** Returns the children of each node, in ascending order. */
export function childrenOf({ parents }: BaseTree): readonly (readonly number[])[] {
  const children: number[][] = Array.from(parents, () => []);
  for (const [node, parent] of parents.entries()) {
    children[parent]?.push(node);
  }
  return children;
}

/**
 * Returns whether a file needs a data cluster at a block number where the file has the label `label` and its base has
 * the label `below`. Otherwise it needs at most a zero cluster.
 */
export function isDataOver(label: number, below: number): boolean {
  return label !== ZERO && (label === UNIQUE || label !== below);
}

/** Counts what the file of each node contains if it is written as an overlay on its base, or in full without a base. */
export function contentsOf(
  { parents }: BaseTree,
  patterns: readonly BlockPattern[],
  labelsOf: (pattern: BlockPattern) => Uint16Array,
  clusterSize: number,
): TreeContents {
  const data = new Float64Array(parents.length);
  const ranges = Array.from(parents, () => new Set<number>());
  const perTable = clustersPerTable(clusterSize);
  for (const pattern of patterns) {
    const labels = labelsOf(pattern);
    const tables = new Set(pattern.blocks.map((block) => Math.floor(block / perTable)));
    for (const [node, parent] of parents.entries()) {
      const label = labels[node]!;
      const below = labels[parent] ?? ZERO;
      if (isDataOver(label, below)) {
        data[node]! += pattern.blocks.length;
      } else if (label === below) {
        continue;
      }
      for (const table of tables) {
        ranges[node]!.add(table);
      }
    }
  }
  return { data, tables: Float64Array.from(ranges, ({ size }) => size) };
}
