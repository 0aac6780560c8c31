import type { AnalyzedImage } from '../contracts/analysis.js';
import type { Dendrogram } from '../contracts/clusterer.js';
import type { PairwiseCounts } from '../contracts/tile.js';
import { condensedIndex } from '../distance/condensed-index.js';
import { type Wording, wording } from '../errors.js';

/**
 * The only metric of this package with which small images are close to all others: it counts the blocks in which two
 * images differ.
 */
const METRIC = 'hamming';

/**
 * Limits of the fraction of the smaller image's non-zero blocks that the larger image also has at the same block
 * numbers: at most `HARDLY` for unrelated images, at least `HALF` for related images.
 */
const HARDLY = 0.05;
const HALF = 0.5;
const UNRELATED = 0;
const NEITHER = 1;
const RELATED = 2;

/** For each pair of images, in condensed order: `UNRELATED`, `RELATED` or `NEITHER`. */
export type Kinship = Uint8Array;

/** Classifies all pairs of images; `undefined` for every metric other than `hamming`. */
export function kinshipOf(metric: string, { size, dataBlocks, equal }: PairwiseCounts): Kinship | undefined {
  if (metric !== METRIC) {
    return undefined;
  }
  const kinship = new Uint8Array(equal.length);
  let pair = 0;
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++, pair++) {
      const smaller = Math.min(dataBlocks[i]!, dataBlocks[j]!);
      const shared = smaller === 0 ? 0 : equal[pair]! / smaller;
      kinship[pair] = shared <= HARDLY ? UNRELATED : shared < HALF ? NEITHER : RELATED;
    }
  }
  return kinship;
}

/**
 * Returns a warning if a merge of related images is higher in the tree than a merge of unrelated images, because sizes,
 * not origins, have then shaped the tree. Otherwise, or if the kinship is `undefined`, returns `undefined`. In a tree
 * of several families, merges of unrelated images are above those of related images, which is no reason to warn.
 */
export function sizeEffect(
  images: readonly AnalyzedImage[],
  { merges }: Dendrogram,
  kinship: Kinship | undefined,
): Wording | undefined {
  if (kinship === undefined) {
    return undefined;
  }
  const size = images.length;
  const leaves = images.map((_, image) => [image]);
  let unrelated: { readonly pair: Pair; readonly height: number } | undefined;
  let misplaced: Pair | undefined;
  for (const { left, right, height } of merges) {
    const closest = closestOf(leaves[left]!, leaves[right]!, size, kinship);
    if (closest.kinship === UNRELATED) {
      unrelated ??= { pair: closest.pair, height };
    } else if (closest.kinship === RELATED && unrelated !== undefined && height > unrelated.height) {
      misplaced ??= closest.pair;
    }
    leaves.push(united(leaves, left, right));
  }
  if (unrelated === undefined || misplaced === undefined) {
    return undefined;
  }
  const [strangers, relatives] = [unrelated.pair, misplaced].map(([one, other]) => {
    return `${images[one]!.name} and ${images[other]!.name}`;
  });
  return wording`${METRIC} joins ${strangers!}, which share hardly any block, before ${relatives!}, which share at least half of the blocks of the smaller one; it counts blocks that differ, so small images are close to all others; choose ${{ option: 'metric', value: 'jaccard' }} for distances that do not depend on size`;
}

/**
 * Unites the leaves of two clusters: moves the leaves of the smaller cluster to the list of the larger cluster, and
 * returns this list.
 */
function united(leaves: number[][], left: number, right: number): number[] {
  const [smaller, larger] = [leaves[left]!, leaves[right]!].toSorted((one, other) => one.length - other.length);
  for (const leaf of smaller!) {
    larger!.push(leaf);
  }
  leaves[left] = [];
  leaves[right] = [];
  return larger!;
}

type Pair = readonly [one: number, other: number];

/** Returns the pair with the closest kinship between two groups. */
function closestOf(
  ones: readonly number[],
  others: readonly number[],
  size: number,
  kinship: Kinship,
): { readonly pair: Pair; readonly kinship: number } {
  let closest = { pair: [ones[0]!, others[0]!] as Pair, kinship: UNRELATED };
  for (const one of ones) {
    for (const other of others) {
      const found = kinship[condensedIndex(size, one, other)]!;
      if (found === RELATED) {
        return { pair: [one, other], kinship: RELATED };
      }
      if (found > closest.kinship) {
        closest = { pair: [one, other], kinship: found };
      }
    }
  }
  return closest;
}
