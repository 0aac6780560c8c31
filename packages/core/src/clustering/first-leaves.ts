import type { Join } from './join.js';

/** Returns the smallest leaf of each cluster. The joins must have children before parents. */
export function firstLeavesOf(size: number, joins: readonly Join[]): Int32Array {
  const firstLeaves = new Int32Array(size + joins.length);
  for (let leaf = 0; leaf < size; leaf++) {
    firstLeaves[leaf] = leaf;
  }
  joins.forEach(({ left, right }, k) => {
    firstLeaves[size + k] = Math.min(firstLeaves[left]!, firstLeaves[right]!);
  });
  return firstLeaves;
}
