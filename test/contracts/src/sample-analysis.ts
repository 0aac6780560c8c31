import {
  type Analysis,
  type Cladogram,
  type CladogramNode,
  type CondensedMatrix,
  condensedIndex,
  type Dendrogram,
} from '@virt-similarity/core';

/** Two clusters, numbered as in `Dendrogram`, and the height at which they join. */
export type SampleMerge = readonly [left: number, right: number, height: number];

/**
 * Returns an analysis of images with these names and merges, parts before wholes; everything else is invented to fit.
 * The distances are those of the tree, so `distances` must be passed for trees too large for a matrix.
 */
export function sampleAnalysis(
  names: readonly string[],
  merges: readonly SampleMerge[],
  members: Partial<Analysis> = {},
): Analysis {
  const size = names.length;
  return {
    images: names.map((name, index) => ({
      name,
      path: `/images/${name}`,
      virtualSize: 2 ** 30 + index * 512,
      dataBlocks: 1000 + index,
      repeatedBlocks: 10 * index,
    })),
    failures: [],
    parameters: { algorithm: 'sha256', blockSize: 65536, metric: 'hamming', unit: 'blocks', linkage: 'single' },
    distances: members.distances ?? treeDistances(size, merges),
    dendrogram: dendrogramOf(size, merges),
    cladogram: cladogramOf(size, merges),
    ...members,
  };
}

/** Returns an analysis of maximum depth: each image joins all images before it, at heights 1, 2, … */
export function sampleCaterpillar(names: readonly string[], members: Partial<Analysis> = {}): Analysis {
  const merges = names
    .slice(1)
    .map((_, index): SampleMerge => [index === 0 ? 0 : names.length + index - 1, index + 1, index + 1]);
  return sampleAnalysis(names, merges, members);
}

function dendrogramOf(size: number, merges: readonly SampleMerge[]): Dendrogram {
  const counts = new Array<number>(size).fill(1);
  const heights = new Array<number>(size).fill(0);
  let inverted = false;
  const rows = merges.map(([left, right, height]) => {
    const leaves = counts[left]! + counts[right]!;
    counts.push(leaves);
    heights.push(height);
    inverted ||= height < Math.max(heights[left]!, heights[right]!);
    return { left: Math.min(left, right), right: Math.max(left, right), height, size: leaves };
  });
  return { size, merges: rows, inverted };
}

/** Combines a merge with those of its parts that have the same height into one node. */
function cladogramOf(size: number, merges: readonly SampleMerge[]): Cladogram {
  const firstImage = Array.from({ length: size + merges.length }, (_, cluster) => cluster);
  const dissolved = new Set<number>();
  for (const [index, [left, right, height]] of merges.entries()) {
    firstImage[size + index] = Math.min(firstImage[left]!, firstImage[right]!);
    for (const part of [left, right]) {
      if (merges[part - size]?.[2] === height) {
        dissolved.add(part);
      }
    }
  }
  const numbers = new Map<number, number>();
  const partsOf = new Map<number, number[]>();
  const nodes: CladogramNode[] = [];
  for (const [index, [left, right, height]] of merges.entries()) {
    const parts = [left, right].flatMap((part) => (dissolved.has(part) ? partsOf.get(part)! : [part]));
    if (dissolved.has(size + index)) {
      partsOf.set(size + index, parts);
      continue;
    }
    parts.sort((one, other) => firstImage[one]! - firstImage[other]!);
    nodes.push({ height, children: parts.map((part) => numbers.get(part) ?? part) });
    numbers.set(size + index, size + nodes.length - 1);
  }
  return { size, nodes };
}

function treeDistances(size: number, merges: readonly SampleMerge[]): CondensedMatrix {
  const values = new Float64Array((size * (size - 1)) / 2);
  const leavesOf = Array.from({ length: size }, (_, leaf) => [leaf]);
  for (const [left, right, height] of merges) {
    for (const one of leavesOf[left]!) {
      for (const other of leavesOf[right]!) {
        values[condensedIndex(size, one, other)] = height;
      }
    }
    leavesOf.push([...leavesOf[left]!, ...leavesOf[right]!]);
  }
  return { size, values };
}
