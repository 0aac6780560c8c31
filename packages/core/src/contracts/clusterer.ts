/** How the distance of a merged cluster to another follows from those of its parts (Lance and Williams 1967). */
export const LINKAGES = ['single', 'complete', 'average', 'weighted', 'centroid', 'median', 'ward'] as const;

export type StandardLinkage = (typeof LINKAGES)[number];

/** One of the standard linkages, or the name of a rule that a plugin's clusterer has. */
export type Linkage = StandardLinkage | (string & {});

/**
 * The distances of all pairs of `size` items: that of `i` and `j`, i < j, stands at
 * `i·size − i·(i+1)/2 + (j − i − 1)`, the order of R's `dist` and SciPy's `pdist`.
 */
export interface CondensedMatrix {
  /** Number of items, at least 1. */
  readonly size: number;
  /** size·(size−1)/2 finite distances ≥ 0. */
  readonly values: Float64Array;
}

/** The joining of two clusters. Leaves are clusters 0 … n−1; the merge at index k makes cluster n + k. */
export interface Merge {
  /** The part with the smaller cluster number. */
  readonly left: number;
  /** The part with the larger cluster number. */
  readonly right: number;
  /** The distance at which the two were joined; paths between tips through this merge are that long. */
  readonly height: number;
  /** Leaves below. */
  readonly size: number;
}

/**
 * n−1 binary merges, as the rows of SciPy's linkage matrix: in ascending order of height unless there are
 * inversions, always parts before wholes.
 */
export interface Dendrogram {
  /** Number of leaves, at least 1. */
  readonly size: number;
  readonly merges: readonly Merge[];
  /** Whether some merge is lower than one of its parts, as centroid and median linkage can produce. */
  readonly inverted: boolean;
}

/** Hierarchical clustering of a condensed matrix. Pure and deterministic; must not change the matrix. */
export interface Clusterer {
  /** The linkages that `cluster` takes. */
  readonly linkages: readonly Linkage[];
  /**
   * Distances are taken as they are: for centroid, median and ward too, heights are on the scale of the
   * distances and not of their squares, as in SciPy.
   */
  cluster(matrix: CondensedMatrix, linkage: Linkage): Dendrogram | Promise<Dendrogram>;
}
