import type { Join } from './join.js';

/** By cluster: the smallest of its leaves. Parts must come before wholes. */
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
