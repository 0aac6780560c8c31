import {
  type CompareOptions,
  compareByPosition,
  condensedIndex,
  FastClusterer,
  type PositionalCounts,
} from '@virt-similarity/core';
import { VirtSimilarityError } from '@virt-similarity/core/errors';
import { AncestralBlocks } from './ancestral-blocks.js';
import { baseCosts, isKept, overlayBytes } from './base-costs.js';
import { type BaseTree, childrenOf, contentsOf, isDataOver, type TreeContents } from './base-tree.js';
import { type BlockPattern, blockPatterns, ZERO } from './block-patterns.js';
import { chooseBases } from './choose-bases.js';
import { NO_PARENT } from './optimum-branching.js';
import type { BaseKind, BaseReference, BaseRun, NewBase, Plan, PlannedImage } from './plan.js';
import type { PlanImage, PlanLimits } from './plan-image.js';
import { LARGEST_CLUSTER, qcow2Bytes, SMALLEST_CLUSTER } from './qcow2-size.js';
import { syntheticBases } from './synthetic-bases.js';

export const DEFAULT_MAX_DEPTH = 4;

/** The options for planning. */
export interface PlanOptions extends PlanLimits, CompareOptions {
  /**
   * The bases to use; `auto` makes one plan with each kind and returns the plan that needs less space. The default is
   * `existing` if `onlyBases` is set, otherwise `auto`.
   */
  readonly bases?: BaseKind | 'auto' | undefined;
}

/**
 * Plans which images should become overlays on which bases, with the aim that all files together need little space. The
 * plan is not always optimal. Only reads the hash vectors; nothing is changed.
 *
 * @param images with hash vectors of one hasher and one block size, which is also the cluster size of overlays
 * @throws `usage` if there is no image or the block size is not from 4 KiB to 2 MiB, and what `compareByPosition` and
 *   reading the vectors throw.
 */
export async function makePlan(images: readonly PlanImage[], options: PlanOptions = {}): Promise<Plan> {
  // With `onlyBases`, new bases are planned only on request.
  const bases = options.bases ?? (options.onlyBases === undefined ? 'auto' : 'existing');
  requireClusterSize(images);
  const counts = await compareByPosition(
    images.map(({ vector }) => vector),
    options,
  );
  const patterns = await blockPatterns(
    images.map(({ vector }) => vector),
    options.signal,
  );
  const planner = new Planner(images, counts, patterns, options);
  const plans = [
    ...(bases === 'synthetic' ? [] : [planner.withExisting()]),
    ...(bases === 'existing' ? [] : [planner.withSynthetic()]),
  ];
  return plans.reduce((best, plan) => (plan.bytesPlanned < best.bytesPlanned ? plan : best));
}

function requireClusterSize(images: readonly PlanImage[]): void {
  const blockSize = images[0]?.vector.blockSize;
  if (blockSize === undefined) {
    throw new VirtSimilarityError('usage', 'expected images to plan for, found none');
  }
  if (blockSize < SMALLEST_CLUSTER || blockSize > LARGEST_CLUSTER) {
    throw new VirtSimilarityError(
      'usage',
      `expected blocks of 4 KiB to 2 MiB, because a block becomes a cluster of an overlay; found ${blockSize} bytes`,
    );
  }
}

/** A tree, and a function that returns the label of each node of the tree at the block numbers of a pattern. */
interface MeasuredTree {
  readonly tree: BaseTree;
  readonly labelsOf: (pattern: BlockPattern) => Uint16Array;
}

class Planner {
  readonly #images: readonly PlanImage[];
  readonly #counts: PositionalCounts;
  readonly #patterns: readonly BlockPattern[];
  readonly #limits: PlanLimits;
  readonly #blockSize: number;
  readonly #maxDepth: number;

  constructor(
    images: readonly PlanImage[],
    counts: PositionalCounts,
    patterns: readonly BlockPattern[],
    limits: PlanLimits,
  ) {
    this.#images = images;
    this.#counts = counts;
    this.#patterns = patterns;
    this.#limits = limits;
    this.#blockSize = images[0]!.vector.blockSize;
    this.#maxDepth = limits.maxDepth ?? DEFAULT_MAX_DEPTH;
  }

  withExisting(): Plan {
    const costs = baseCosts(this.#images, this.#counts, this.#limits);
    const { parents, lowerBound } = chooseBases(costs, this.#maxDepth);
    const tree = { images: this.#images.length, parents };
    const plan = this.#planOf('existing', { tree, labelsOf: ({ labels }) => labels });
    // With `minSaving`, costs are not bytes.
    return (this.#limits.minSaving ?? 0) === 0 ? { ...plan, lowerBound } : plan;
  }

  /**
   * An image does not change if it has a backing image, if it must stay as it is, or if no other image of its group can
   * change.
   */
  withSynthetic(): Plan {
    const parents = Array.from(this.#images, ({ backing }) => backing ?? NO_PARENT);
    const labelers: {
      readonly members: readonly number[];
      readonly first: number;
      readonly blocks: AncestralBlocks;
    }[] = [];
    for (const members of this.#movableGroups()) {
      const patterns = this.#patterns.map((pattern) => patternOf(pattern, members));
      const tree = this.#syntheticTreeOf(members, patterns);
      const first = parents.length;
      const numberOf = (node: number) =>
        node === NO_PARENT ? NO_PARENT : (members[node] ?? first + node - members.length);
      for (const [node, parent] of tree.parents.entries()) {
        parents[numberOf(node)] = numberOf(parent);
      }
      labelers.push({ members, first, blocks: new AncestralBlocks(tree) });
    }
    const tree = { images: this.#images.length, parents: Int32Array.from(parents) };
    const labelsOf = (pattern: BlockPattern) => {
      const labels = new Uint16Array(parents.length);
      labels.set(pattern.labels);
      for (const { members, first, blocks } of labelers) {
        labels.set(blocks.labelsOf(patternOf(pattern, members)).subarray(members.length), first);
      }
      return labels;
    };
    return this.#planOf('synthetic', { tree, labelsOf });
  }

  #movableGroups(): number[][] {
    const groups = new Map<string, number[]>();
    for (const [index, image] of this.#images.entries()) {
      if (image.backing === undefined && !isKept(image, index, this.#limits)) {
        const group = this.#limits.groups?.[index] ?? '';
        groups.set(group, [...(groups.get(group) ?? []), index]);
      }
    }
    return [...groups.values()].filter(({ length }) => length > 1);
  }

  #syntheticTreeOf(members: readonly number[], patterns: readonly BlockPattern[]): BaseTree {
    const distances = distancesOf(this.#counts, members);
    const dendrogram = new FastClusterer().cluster({ size: members.length, values: distances }, 'average');
    const images = members.map((index) => this.#images[index]!);
    const { minSaving = 0 } = this.#limits;
    return syntheticBases(images, patterns, dendrogram, { maxDepth: this.#maxDepth, minSaving });
  }

  #planOf(bases: BaseKind, { tree, labelsOf }: MeasuredTree): Plan {
    const blockSize = this.#blockSize;
    const contents = contentsOf(tree, this.#patterns, labelsOf, blockSize);
    const children = childrenOf(tree);
    const images = this.#images.map((image, index) =>
      this.#plannedImage(image, index, tree, contents, children[index]!),
    );
    const newBases = newBasesOf(tree, this.#images, this.#patterns, labelsOf, contents);
    const files = [...images, ...newBases];
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    const emptyOverlays = sum(images.map(({ emptyOverlayBytes }) => emptyOverlayBytes));
    return {
      bases,
      blockSize,
      images,
      newBases,
      bytesNow: sum(images.map(({ bytesNow }) => bytesNow)),
      bytesPlanned: sum(files.map(({ bytes }) => bytes)) + emptyOverlays,
      bytesToWrite: sum(files.map(({ bytes, isWritten }) => (isWritten ? bytes : 0))) + emptyOverlays,
    };
  }

  #plannedImage(
    image: PlanImage,
    index: number,
    tree: BaseTree,
    contents: TreeContents,
    children: readonly number[],
  ): PlannedImage {
    const parent = tree.parents[index]!;
    const isWritten = parent !== (image.backing ?? NO_PARENT);
    const { virtualSize, blockSize: clusterSize } = image.vector;
    const dataClusters = contents.data[index]!;
    const tables = contents.tables[index]!;
    const isNewBase = children.length > 0 && !image.frozen;
    return {
      ...(parent !== NO_PARENT && { base: referenceTo(parent, tree) }),
      bytes: isWritten ? qcow2Bytes({ clusterSize, virtualSize, dataClusters, tables }) : image.bytes,
      isWritten,
      bytesNow: image.bytes,
      emptyOverlayBytes: isNewBase ? overlayBytes(image, 0, 0) : 0,
    };
  }
}

function referenceTo(node: number, { images }: BaseTree): BaseReference {
  return node < images ? { kind: 'image', index: node } : { kind: 'new', index: node - images };
}

/**
 * Restricts a pattern to some of the images. Labels are not renumbered, so a block that only one of these images has
 * can keep the label of a shared block.
 */
function patternOf({ labels, shared, blocks }: BlockPattern, members: readonly number[]): BlockPattern {
  return { labels: Uint16Array.from(members, (index) => labels[index]!), shared, blocks };
}

function distancesOf({ size, dataBlocks, equal, common }: PositionalCounts, members: readonly number[]): Float64Array {
  const distances = new Float64Array((members.length * (members.length - 1)) / 2);
  let pair = 0;
  for (const [position, first] of members.entries()) {
    for (const second of members.slice(position + 1)) {
      const index = condensedIndex(size, first, second);
      distances[pair] = dataBlocks[first]! + dataBlocks[second]! - common[index]! - equal[index]!;
      pair++;
    }
  }
  return distances;
}

function newBasesOf(
  tree: BaseTree,
  images: readonly PlanImage[],
  patterns: readonly BlockPattern[],
  labelsOf: (pattern: BlockPattern) => Uint16Array,
  contents: TreeContents,
): NewBase[] {
  const sources = Array.from(tree.parents.subarray(tree.images), () => new Map<number, number>());
  const virtualSizes = new Float64Array(tree.parents.length);
  for (const [image, { vector }] of images.entries()) {
    for (let node = image; node !== NO_PARENT; node = tree.parents[node]!) {
      virtualSizes[node] = Math.max(virtualSizes[node]!, vector.virtualSize);
    }
  }
  for (const pattern of patterns) {
    const labels = labelsOf(pattern);
    for (const [index, blocks] of sources.entries()) {
      const node = tree.images + index;
      const below = labels[tree.parents[node]!] ?? ZERO;
      const label = labels[node]!;
      if (isDataOver(label, below)) {
        const image = pattern.labels.indexOf(label);
        for (const block of pattern.blocks) {
          blocks.set(block, image);
        }
      }
    }
  }
  return sources.map((blocks, index) => {
    const node = tree.images + index;
    const parent = tree.parents[node]!;
    const clusterSize = images[0]!.vector.blockSize;
    const virtualSize = virtualSizes[node]!;
    const dataClusters = contents.data[node]!;
    const tables = contents.tables[node]!;
    return {
      ...(parent !== NO_PARENT && { base: referenceTo(parent, tree) }),
      bytes: qcow2Bytes({ clusterSize, virtualSize, dataClusters, tables }),
      isWritten: true,
      virtualSize,
      runs: runsOf(blocks),
    };
  });
}

function runsOf(sources: ReadonlyMap<number, number>): BaseRun[] {
  const runs: { start: number; blocks: number; image: number }[] = [];
  for (const [block, image] of [...sources].sort(([a], [b]) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last.image === image && last.start + last.blocks === block) {
      last.blocks++;
    } else {
      runs.push({ start: block, blocks: 1, image });
    }
  }
  return runs;
}
