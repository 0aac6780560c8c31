import type { Dendrogram } from '@virt-similarity/core';
import { AncestralBlocks, type AncestralCounts } from './ancestral-blocks.js';
import { type BaseTree, childrenOf } from './base-tree.js';
import type { BlockPattern } from './block-patterns.js';
import { NO_PARENT } from './optimum-branching.js';
import type { PlanImage } from './plan-image.js';
import { qcow2Bytes, tablesOf } from './qcow2-size.js';

/** The limits that apply to new bases. */
export interface SyntheticLimits {
  /** The largest number of bases below an image, at least 1. */
  readonly maxDepth: number;
  /** The least number of bytes that an overlay must save. */
  readonly minSaving: number;
}

/**
 * Creates bases for a group of images. Starts with a base for each merge of their dendrogram, and gives it the blocks
 * with which all files together contain the least data. Then removes the bases that save nothing, and bases of chains
 * that are too deep. An image that would save less than `minSaving` bytes as an overlay stays as it is.
 *
 * @param images the images, none of which has a backing image
 * @param patterns the patterns of these images
 */
export function syntheticBases(
  images: readonly PlanImage[],
  patterns: readonly BlockPattern[],
  dendrogram: Dendrogram,
  limits: SyntheticLimits,
): BaseTree {
  let tree = treeOf(dendrogram);
  for (;;) {
    const counts = new AncestralBlocks(tree).countsOf(patterns);
    const next = pruned(tree, images, counts, limits);
    if (next === tree) {
      return tree;
    }
    tree = next;
  }
}

function treeOf({ size, merges }: Dendrogram): BaseTree {
  const parents = new Int32Array(size + merges.length).fill(NO_PARENT);
  for (const [index, { left, right }] of merges.entries()) {
    parents[left] = size + index;
    parents[right] = size + index;
  }
  return { images: size, parents };
}

/**
 * Returns the tree after one round of removals. Images that would save less than `minSaving` bytes become roots. Bases
 * that save nothing are removed. If every base saves something, bases of chains that are too deep are removed instead.
 * Returns the same object if there is nothing to change.
 */
function pruned(
  tree: BaseTree,
  images: readonly PlanImage[],
  counts: AncestralCounts,
  limits: SyntheticLimits,
): BaseTree {
  const files = new TreeFiles(tree, images, counts);
  const parents = tree.parents.slice();
  for (const [image, { bytes }] of images.entries()) {
    if (parents[image] !== NO_PARENT && files.bytes[image]! > bytes - limits.minSaving) {
      parents[image] = NO_PARENT;
    }
  }
  const removed = removedBases(tree, files, limits.maxDepth);
  if (removed.size === 0 && parents.every((parent, node) => parent === tree.parents[node])) {
    return tree;
  }
  return withoutBases({ images: tree.images, parents }, removed);
}

/** The size of each file of a tree. */
class TreeFiles {
  /** By node: bytes of its file as an overlay or base. */
  readonly bytes: Float64Array;
  readonly #tree: BaseTree;
  readonly #images: readonly PlanImage[];
  readonly #counts: AncestralCounts;
  readonly #virtualSizes: Float64Array;
  readonly children: readonly (readonly number[])[];

  constructor(tree: BaseTree, images: readonly PlanImage[], counts: AncestralCounts) {
    this.#tree = tree;
    this.#images = images;
    this.#counts = counts;
    this.children = childrenOf(tree);
    this.#virtualSizes = virtualSizesOf(tree, images);
    this.bytes = Float64Array.from(tree.parents, (_, node) => this.#bytesOf(node, counts.data[node]!));
  }

  #bytesOf(node: number, dataClusters: number): number {
    const clusterSize = this.#images[0]!.vector.blockSize;
    const virtualSize = this.#virtualSizes[node]!;
    const tables = Math.min(dataClusters + this.#counts.zeros[node]!, tablesOf(virtualSize, clusterSize));
    return qcow2Bytes({ clusterSize, virtualSize, dataClusters, tables });
  }

  /**
   * Returns the bytes by which all files together would grow if `base` were removed and the other bases kept their
   * blocks; negative if they would shrink.
   */
  growthWithout(base: number): number {
    const isRoot = this.#tree.parents[base] === NO_PARENT;
    let growth = -this.bytes[base]!;
    for (const child of this.children[base]!) {
      const isAlone = isRoot && child < this.#tree.images;
      const bytes = isAlone ? this.#images[child]!.bytes : this.#bytesOf(child, this.#counts.dataOnNext[child]!);
      growth += bytes - this.bytes[child]!;
    }
    return growth;
  }
}

/**
 * Chooses bases to remove in one step: bases that save nothing or, if there are none, bases of chains that are too
 * deep. No chosen base is the base of another chosen base.
 */
function removedBases(tree: BaseTree, files: TreeFiles, maxDepth: number): ReadonlySet<number> {
  const growths = new Map<number, number>();
  for (let base = tree.images; base < tree.parents.length; base++) {
    growths.set(base, files.growthWithout(base));
  }
  const saving = [...growths.keys()].filter((base) => growths.get(base)! <= 0);
  const candidates = saving.length > 0 ? saving : cheapestOfDeepChains(tree, growths, maxDepth);
  const removed = new Set<number>();
  for (const base of candidates.sort((a, b) => growths.get(a)! - growths.get(b)! || a - b)) {
    const neighbours = [tree.parents[base]!, ...files.children[base]!];
    if (!neighbours.some((node) => removed.has(node))) {
      removed.add(base);
    }
  }
  return removed;
}

/** Returns, for each image with more than `maxDepth` bases, the base below it whose removal costs least. */
function cheapestOfDeepChains(tree: BaseTree, growths: ReadonlyMap<number, number>, maxDepth: number): number[] {
  const found = new Set<number>();
  for (let image = 0; image < tree.images; image++) {
    const chain: number[] = [];
    for (let base = tree.parents[image]!; base !== NO_PARENT; base = tree.parents[base]!) {
      chain.push(base);
    }
    if (chain.length > maxDepth) {
      found.add(chain.reduce((best, base) => (growths.get(base)! < growths.get(best)! ? base : best)));
    }
  }
  return [...found];
}

/**
 * Returns the tree without the removed bases. The base of a removed base becomes the base of its children. The
 * remaining nodes are renumbered.
 */
function withoutBases({ images, parents }: BaseTree, removed: ReadonlySet<number>): BaseTree {
  const numbers = new Map<number, number>();
  for (const node of parents.keys()) {
    if (!removed.has(node)) {
      numbers.set(node, numbers.size);
    }
  }
  const kept = Int32Array.from(numbers.keys(), (node) => {
    let base = parents[node]!;
    while (removed.has(base)) {
      base = parents[base]!;
    }
    return numbers.get(base) ?? NO_PARENT;
  });
  return { images, parents: kept };
}

/**
 * Returns the virtual size of each node. A new base is as large as the largest image that uses it, directly or
 * indirectly.
 */
function virtualSizesOf(tree: BaseTree, images: readonly PlanImage[]): Float64Array {
  const sizes = new Float64Array(tree.parents.length);
  for (const [image, { vector }] of images.entries()) {
    for (let node = image; node !== NO_PARENT; node = tree.parents[node]!) {
      sizes[node] = Math.max(sizes[node]!, vector.virtualSize);
    }
  }
  return sizes;
}
