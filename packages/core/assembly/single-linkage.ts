/**
 * Single linkage by SLINK (Sibson 1973). Items are added from the last to the first, so that rows of a condensed
 * matrix can be used unchanged. The entry point of a separate WebAssembly module.
 *
 * In JavaScript, half of the branches of the inner loop are mispredicted, and the loop takes four times as long.
 */
import { allocate } from './memory';

/** For each item: the edge of the minimum spanning tree that joins it to a cluster with an earlier item. */
let edges: usize = 0;
/** For each item: the first item of that cluster. If `add` changes the cluster, it updates this in its next call. */
let firsts: usize = 0;
/** For each item: the shortest edge that later items have passed on to it; none between calls of `add`. */
let passedOn: usize = 0;
/** The distances of the newest item to the items after it. */
let row: usize = 0;

/** Allocates memory for `size` items, none of which is added yet. Must be called once per instance. */
export function configure(size: u32): void {
  const length = <usize>size;
  edges = allocate(length << 4);
  passedOn = allocate(length << 4);
  firsts = allocate(length << 2);
  row = allocate(length << 3);
  for (let item: usize = 0; item < length; item++) {
    v128.store(edges + (item << 4), noEdge());
    v128.store(passedOn + (item << 4), noEdge());
    store<u32>(firsts + (item << 2), <u32>item);
  }
}

/**
 * Returns the address of the items' edges, 16 bytes each. The edge of an added item, except the first, has a length
 * (f64) and the two items that it joins (u32 each).
 */
export function edgesAt(): usize {
  return edges;
}

/** Returns the address of the distances for `unusable` and `add`. */
export function rowAt(): usize {
  return row;
}

/** Returns the index of the first of `count` distances that is not from 0 to `largest`; `count` if there is none. */
export function unusable(count: u32, largest: f64): u32 {
  for (let index: u32 = 0; index < count; index++) {
    const distance = load<f64>(row + ((<usize>index) << 3));
    if (!(distance >= 0 && distance <= largest)) {
      return index;
    }
  }
  return count;
}

/**
 * Adds `item`, which is the item before the `count` items added so far. Its distances to these items, in the order of
 * the items, must be at `rowAt`.
 */
export function add(item: u32, count: u32): void {
  const next = item + 1;
  for (let later: u32 = item + count; later > item; later--) {
    const edgeAt = edges + ((<usize>later) << 4);
    const firstAt = firsts + ((<usize>later) << 2);
    const passedAt = passedOn + ((<usize>later) << 4);
    const edge = v128.load(edgeAt);
    // Completes the previous call: the item that it added may have joined this cluster by a shorter edge.
    let first = load<u32>(firstAt);
    if (isTrue(below(v128.load(edges + ((<usize>first) << 4)), edge))) {
      first = next;
      store<u32>(firstAt, first);
    }

    const direct = edgeOf(row + ((<usize>(later - next)) << 3), item, later);
    const shortest = shorterOf(direct, v128.load(passedAt));
    v128.store(passedAt, noEdge());
    let further = shortest;
    if (isTrue(below(shortest, edge))) {
      v128.store(edgeAt, shortest);
      store<u32>(firstAt, item);
      further = edge;
    }
    const target = passedOn + ((<usize>first) << 4);
    v128.store(target, shorterOf(further, v128.load(target)));
  }
}

function noEdge(): v128 {
  return f64x2.splat(Infinity);
}

/**
 * Returns an edge with the length at `distanceAt`. Adding 0 turns −0, whose bits would not compare correctly, into 0.
 */
function edgeOf(distanceAt: usize, from: u32, to: u32): v128 {
  const length = f64x2.add(v128.load64_zero(distanceAt), f64x2.splat(0));
  return i64x2.replace_lane(length, 1, ((<u64>to) << 32) | from);
}

/**
 * Returns all bits set if `one` is shorter than `other`, or if it is equally long and joins earlier items; otherwise
 * none. Two different edges must not count as equal, because one could then be dropped in favour of one that depends on
 * it. Lengths are not negative, so their bits compare like integers.
 */
function below(one: v128, other: v128): v128 {
  const less = i64x2.lt_s(one, other);
  const isTieBroken = v128.and(i64x2.eq(one, other), v128.shuffle<u64>(less, less, 1, 1));
  const isBelow = v128.or(less, isTieBroken);
  return v128.shuffle<u64>(isBelow, isBelow, 0, 0);
}

function isTrue(mask: v128): bool {
  return i64x2.extract_lane(mask, 0) !== 0;
}

/** Returns the shorter edge, without a branch, which would be mispredicted every other time. */
function shorterOf(one: v128, other: v128): v128 {
  return v128.bitselect(one, other, below(one, other));
}
