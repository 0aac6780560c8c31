import type { Dendrogram, Linkage, Merge } from '../contracts/clusterer.js';
import { equalHeights } from './equal-heights.js';

/**
 * A merge as an engine made it, its parts in either order. Leaves are clusters 0 … size−1; the join at index k makes
 * cluster size + k.
 */
export type Join = Omit<Merge, 'size'>;

/**
 * The canonical dendrogram of size−1 joins that stand in any order with parts before wholes: the same tree gives the
 * same rows, whatever engine made it and in whatever order.
 *
 * Rows ascend by height, and parts come before wholes. Where that leaves a choice, and among inversions, rows are in
 * the order of a walk through the tree that visits the part with the smaller first leaf first. A merge that only
 * rounding has put lower than one of its parts is lifted to it.
 */
export function dendrogramOf(size: number, joins: readonly Join[], linkage: Linkage): Dendrogram {
  const heights = liftRoundedHeights(size, joins, linkage);
  const order = canonicalOrder(size, joins, heights);
  return { size, merges: numberedRows(size, joins, heights, order), inverted: hasInversion(size, joins, heights) };
}

/** Heights of the joins, with what rounding alone has put lower than a part lifted to that part's height. */
function liftRoundedHeights(size: number, joins: readonly Join[], linkage: Linkage): Float64Array {
  const canInvert = linkage === 'centroid' || linkage === 'median';
  const heights = new Float64Array(joins.length);
  joins.forEach(({ left, right, height }, k) => {
    const part = Math.max(heightOf(left - size, heights), heightOf(right - size, heights));
    const isRounding = height < part && (!canInvert || equalHeights(height, part));
    heights[k] = isRounding ? part : height;
  });
  return heights;
}

function hasInversion(size: number, joins: readonly Join[], heights: Float64Array): boolean {
  return joins.some(
    ({ left, right }, k) => heights[k]! < Math.max(heightOf(left - size, heights), heightOf(right - size, heights)),
  );
}

/** Height of the join at an index, which is negative for a leaf. */
function heightOf(index: number, heights: Float64Array): number {
  return index < 0 ? 0 : heights[index]!;
}

/** The indices of the joins in the order of their canonical rows. */
function canonicalOrder(size: number, joins: readonly Join[], heights: Float64Array): number[] {
  const highestWithin = new Float64Array(joins.length);
  joins.forEach(({ left, right }, k) => {
    highestWithin[k] = Math.max(
      heights[k]!,
      heightOf(left - size, highestWithin),
      heightOf(right - size, highestWithin),
    );
  });
  // The sort is stable, and the walk visits parts before wholes.
  return walk(size, joins).sort((a, b) => highestWithin[a]! - highestWithin[b]!);
}

/** The indices of the joins in post-order, the part with the smaller first leaf first. */
function walk(size: number, joins: readonly Join[]): number[] {
  const firstLeaf = new Int32Array(size + joins.length);
  for (let leaf = 0; leaf < size; leaf++) {
    firstLeaf[leaf] = leaf;
  }
  joins.forEach(({ left, right }, k) => {
    firstLeaf[size + k] = Math.min(firstLeaf[left]!, firstLeaf[right]!);
  });
  // Pre-order with the later part first is post-order backwards.
  const backwards: number[] = [];
  const pending = joins.length === 0 ? [] : [size + joins.length - 1];
  for (let cluster = pending.pop(); cluster !== undefined; cluster = pending.pop()) {
    if (cluster >= size) {
      const { left, right } = joins[cluster - size]!;
      backwards.push(cluster - size);
      pending.push(...(firstLeaf[left]! < firstLeaf[right]! ? [left, right] : [right, left]));
    }
  }
  return backwards.reverse();
}

/** The joins in the given order, as rows that refer to one another by their new numbers. */
function numberedRows(size: number, joins: readonly Join[], heights: Float64Array, order: readonly number[]): Merge[] {
  const numbers = new Int32Array(joins.length);
  const merges: Merge[] = [];
  order.forEach((k, row) => {
    numbers[k] = size + row;
    const { left, right } = joins[k]!;
    const a = left < size ? left : numbers[left - size]!;
    const b = right < size ? right : numbers[right - size]!;
    const leaves = leavesBelow(size, merges, a) + leavesBelow(size, merges, b);
    merges.push({ left: Math.min(a, b), right: Math.max(a, b), height: heights[k]!, size: leaves });
  });
  return merges;
}

function leavesBelow(size: number, merges: readonly Merge[], cluster: number): number {
  return cluster < size ? 1 : merges[cluster - size]!.size;
}
