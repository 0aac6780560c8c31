import type { Dendrogram, Linkage, Merge } from '../contracts/clusterer.js';
import { equalHeights } from './equal-heights.js';
import { firstLeavesOf } from './first-leaves.js';
import type { Join } from './join.js';

/**
 * Builds the canonical dendrogram from `size`−1 joins, in any order that has children before parents. The same tree
 * always yields the same rows, regardless of the algorithm that made the joins and of the order of the joins.
 *
 * Rows are in ascending order of height, children before parents. Rows of equal height that are connected in the tree
 * are consecutive, in the post-order that visits the child with the smaller first leaf first. Groups of connected rows
 * that have the same height are ordered by their first leaves. A merge that is lower than a merge below it, which is
 * possible with centroid and median linkage, is ordered as if it were as high as the highest merge below it. A merge
 * that is lower than one of its children only because of rounding gets the child's height.
 */
export function dendrogramOf(size: number, joins: readonly Join[], linkage: Linkage): Dendrogram {
  const heights = liftRoundedHeights(size, joins, linkage);
  const order = canonicalOrder(size, joins, heights);
  return { size, merges: numberedRows(size, joins, heights, order), inverted: hasInversion(size, joins, heights) };
}

/** Returns the heights of the joins. A join that is lower than a child only by rounding gets the child's height. */
function liftRoundedHeights(size: number, joins: readonly Join[], linkage: Linkage): Float64Array {
  const canInvert = linkage === 'centroid' || linkage === 'median';
  const heights = new Float64Array(joins.length);
  joins.forEach(({ left, right, height }, k) => {
    const child = Math.max(heightOf(left - size, heights), heightOf(right - size, heights));
    const isRounding = height < child && (!canInvert || equalHeights(height, child));
    heights[k] = isRounding ? child : height;
  });
  return heights;
}

function hasInversion(size: number, joins: readonly Join[], heights: Float64Array): boolean {
  return joins.some(
    ({ left, right }, k) => heights[k]! < Math.max(heightOf(left - size, heights), heightOf(right - size, heights)),
  );
}

/** Returns the height of the join at an index; 0 for a leaf, whose index is negative. */
function heightOf(index: number, heights: Float64Array): number {
  return index < 0 ? 0 : heights[index]!;
}

/** Returns the indices of the joins in the order of their canonical rows. */
function canonicalOrder(size: number, joins: readonly Join[], heights: Float64Array): number[] {
  const highest = new Float64Array(joins.length);
  joins.forEach(({ left, right }, k) => {
    highest[k] = Math.max(heights[k]!, heightOf(left - size, highest), heightOf(right - size, highest));
  });

  // Connected joins of equal height form one group, so that rows do not depend on which of them was made first.
  const firstLeaves = firstLeavesOf(size, joins);
  const groups = firstLeaves.slice(size);
  for (let k = joins.length - 1; k >= 0; k--) {
    const { left, right } = joins[k]!;
    for (const child of [left - size, right - size]) {
      if (child >= 0 && highest[child] === highest[k]) {
        groups[child] = groups[k]!;
      }
    }
  }
  // The sort is stable, and post-order has children before parents.
  return postOrder(size, joins, firstLeaves).sort((a, b) => highest[a]! - highest[b]! || groups[a]! - groups[b]!);
}

/** Returns the indices of the joins in post-order, the child with the smaller first leaf first. */
function postOrder(size: number, joins: readonly Join[], firstLeaves: Int32Array): number[] {
  // Pre-order with the later child first is reversed post-order.
  const backwards: number[] = [];
  const pending = joins.length === 0 ? [] : [size + joins.length - 1];
  for (let cluster = pending.pop(); cluster !== undefined; cluster = pending.pop()) {
    if (cluster >= size) {
      const { left, right } = joins[cluster - size]!;
      backwards.push(cluster - size);
      pending.push(...(firstLeaves[left]! < firstLeaves[right]! ? [left, right] : [right, left]));
    }
  }
  return backwards.reverse();
}

/** Returns the joins in the given order, as rows that refer to each other by their new numbers. */
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
