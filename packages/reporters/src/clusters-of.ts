import type { Analysis, Dendrogram, OptionDeclarations, OptionValues } from '@virt-similarity/core';
import { VirtSimilarityError, wording } from '@virt-similarity/core/errors';
import { type Cut, cutDendrogram, widestGapCut } from '@virt-similarity/core/reporting';

/** The options of reporters that show clusters. */
export const CLUSTER_OPTIONS = {
  clusters: {
    type: 'number',
    whole: true,
    placeholder: 'k',
    min: 1,
    description: 'cut the tree into this number of clusters; by default at the widest gap between its heights',
  },
  cut: {
    type: 'number',
    placeholder: 'distance',
    min: 0,
    description: 'cut the tree at this distance: groups that join above it are different clusters',
  },
} as const satisfies OptionDeclarations;

/** Returns whether the user chose where to cut the tree. */
export function isCutChosen({ clusters, cut }: OptionValues): boolean {
  return clusters !== undefined || cut !== undefined;
}

/**
 * Returns the number of each image's cluster, from 0, in the order of the clusters' first images.
 *
 * @throws `usage` if both options are given, or there are fewer images than clusters.
 */
export function clustersOf({ dendrogram }: Analysis, options: OptionValues): Uint32Array {
  return cutDendrogram(dendrogram, chosenCut(options) ?? widestGapCut(dendrogram));
}

/**
 * Returns where the user chose to cut the tree; `undefined` if the user did not choose.
 *
 * @throws `usage` if both options are given.
 */
export function chosenCut({ clusters, cut }: OptionValues): Cut | undefined {
  if (clusters !== undefined && cut !== undefined) {
    const given = wording`both ${{ option: 'clusters', value: Number(clusters) }} and ${{ option: 'cut', value: Number(cut) }}`;
    throw new VirtSimilarityError(
      'usage',
      wording`expected one place to cut the tree, found ${given}; omit one of them`,
    );
  }
  if (clusters !== undefined) {
    return { clusters: Number(clusters) };
  }
  return cut === undefined ? undefined : { height: Number(cut) };
}

/**
 * Returns a height that divides a tree as the cut does. For a number of clusters, this is halfway between the heights
 * of the last merge within a cluster (0 if there is none) and of the next merge; for one cluster, it is the height of
 * the root. If both merges have the same height, no height separates them, and cutting at this height results in fewer
 * clusters.
 */
export function heightOfCut({ size, merges }: Dendrogram, cut: Cut): number {
  if ('height' in cut) {
    return cut.height;
  }
  const kept = size - cut.clusters;
  const below = merges[kept - 1]?.height ?? 0;
  return (below + (merges[kept]?.height ?? below)) / 2;
}
