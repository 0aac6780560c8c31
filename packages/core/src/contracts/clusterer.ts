/**
 * The rules that derive the distance of a merged cluster to another cluster from the distances of its parts (Lance and
 * Williams 1967).
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
  /** The part with the smaller cluster number. */
  readonly left: number;
  /** The part with the larger cluster number. */
  readonly right: number;
  /** The distance at which the two clusters were merged: the length of a path between two leaves through this merge. */
  readonly height: number;
  /** Number of leaves below. */
  readonly size: number;
}

/**
 * n−1 binary merges, like the rows of SciPy's linkage matrix: in ascending order of height unless `inverted`, and always
 * after the merges that created their parts.
 */
export interface Dendrogram {
  /** Number of leaves, at least 1. */
  readonly size: number;
  readonly merges: readonly Merge[];
  /** Whether a merge is lower than one of its parts, which centroid and median linkage can cause. */
  readonly inverted: boolean;
}

/** A hierarchical clustering algorithm. Pure and deterministic; must not change the matrix. */
export interface Clusterer {
  /** The linkages that `cluster` accepts. */
  readonly linkages: readonly Linkage[];
  /**
   * Clusters the items of a distance matrix. Heights are on the scale of the distances, not of their squares, also for
   * centroid, median and ward, as in SciPy.
   */
  cluster(matrix: CondensedMatrix, linkage: Linkage): Dendrogram | Promise<Dendrogram>;
}
