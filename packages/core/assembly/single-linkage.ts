/**
 * Single linkage by SLINK (Sibson 1973), with the items added from the last to the first, so that rows of a condensed
 * matrix are taken as they stand. Entry of a WebAssembly module of its own.
 *
 * In JavaScript, half of the branches of the inner loop are mispredicted, and it takes four times as long.
 */
import { allocate } from './memory';

/** Of each item: the edge of the minimum spanning tree by which it comes into a cluster with an earlier item. */
let edges: usize = 0;
/** Of each item: the first one of that cluster; may be one call of `add` behind. */
let firsts: usize = 0;
/** Of each item: the shortest edge that those after it have passed on to it; none between calls of `add`. */
let passedOn: usize = 0;
/** Distances of the newest item to those after it. */
let row: usize = 0;

/** Makes room for so many items, of which none is added yet. Once per instance. */
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

/** Where each item has an edge, after `add`: length (f64), and the two items that it joins (u32). */
export function edgesAt(): usize {
  return edges;
}

/** Where `unusable` and `add` find the distances. */
export function rowAt(): usize {
  return row;
}

/** The index of the first of `count` distances that is not from 0 to `largest`; `count` if there is none. */
export function unusable(count: u32, largest: f64): u32 {
  for (let index: u32 = 0; index < count; index++) {
    const distance = load<f64>(row + ((<usize>index) << 3));
    if (!(distance >= 0 && distance <= largest)) {
      return index;
    }
  }
  return count;
}

/** Adds the item before the `count` that were added so far; its distances to them, in their order, are at `rowAt`. */
export function add(item: u32, count: u32): void {
  const next = item + 1;
  for (let later: u32 = item + count; later > item; later--) {
    const edgeAt = edges + ((<usize>later) << 4);
    const firstAt = firsts + ((<usize>later) << 2);
    const passedAt = passedOn + ((<usize>later) << 4);
    const edge = v128.load(edgeAt);
    // What the call before has left to do: its item may have come into this cluster by a shorter edge.
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

/** An edge as long as the distance that stands at `distanceAt`; adding 0 makes 0 of −0, whose bits would not compare. */
function edgeOf(distanceAt: usize, from: u32, to: u32): v128 {
  const length = f64x2.add(v128.load64_zero(distanceAt), f64x2.splat(0));
  return i64x2.replace_lane(length, 1, ((<u64>to) << 32) | from);
}

/**
 * All bits set if `one` is shorter than `other`, or as long and before it. No two edges may count as equally long: one
 * could be dropped in favour of another that needs it. Lengths are not negative, and so are in the order of their bits.
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

/** Without a branch, which would be mispredicted every other time. */
function shorterOf(one: v128, other: v128): v128 {
  return v128.bitselect(one, other, below(one, other));
}
