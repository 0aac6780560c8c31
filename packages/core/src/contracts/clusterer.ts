/**
 * The linkages. Each is a rule for the distance between a merged cluster A ∪ B and another cluster C. It derives that
 * distance from the distances between A, B and C, and from their numbers of leaves (Lance and Williams 1967).
 */
export const LINKAGES = ['single', 'complete', 'average', 'weighted', 'centroid', 'median', 'ward'] as const;

export type StandardLinkage = (typeof LINKAGES)[number];

/** One of the standard linkages, or the name of a rule of a plugin's clusterer. */
export type Linkage = StandardLinkage | (string & {});

/**
 * The distances of all pairs of `size` items. The distance of `i` and `j`, i < j, is at index
 * `i·size − i·(i+1)/2 + (j − i − 1)`, as in R's `dist` and SciPy's `pdist`.
 */
export interface CondensedMatrix {
  /** Number of items, at least 1. */
  readonly size: number;
  /** size·(size−1)/2 finite distances ≥ 0. */
  readonly values: Float64Array;
}

/** The merge of two clusters. Leaves are clusters 0 … n−1; the merge at index k creates cluster n + k. */
export interface Merge {
  /** The merged cluster with the smaller number. */
  readonly left: number;
  /** The merged cluster with the larger number. */
  readonly right: number;
  /**
   * The distance at which the two clusters were merged. It is the cophenetic distance between each leaf of one cluster
   * and each leaf of the other.
   */
  readonly height: number;
  /** Number of leaves in the created cluster. */
  readonly size: number;
}

/**
 * n−1 binary merges, like the rows of SciPy's linkage matrix. Unless `inverted`, they are in ascending order of height.
 * A merge always follows the merges that created its parts.
 */
export interface Dendrogram {
  /** Number of leaves, at least 1. */
  readonly size: number;
  readonly merges: readonly Merge[];
  /**
   * Whether any merge is lower than a merge that created one of its parts, as is possible with centroid and median
   * linkage.
   */
  readonly inverted: boolean;
}

/** A hierarchical clustering algorithm. Pure and deterministic; must not change the matrix. */
export interface Clusterer {
  /** The linkages that `cluster` accepts. */
  readonly linkages: readonly Linkage[];
  /**
   * Clusters the items of a distance matrix. Heights are on the scale of the distances, not of their squares, even for
   * centroid, median and ward linkage, as in SciPy.
   */
  cluster(matrix: CondensedMatrix, linkage: Linkage): Dendrogram | Promise<Dendrogram>;
}
