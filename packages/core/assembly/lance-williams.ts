/**
 * Each function computes the distances of a merged cluster to all others by one linkage (Lance and Williams 1967). The
 * rows `first` and `second` contain the `count` distances of its two children; the result replaces `second`. `sizes`
 * are the numbers of leaves of the other clusters, `firstSize` and `secondSize` those of the children. `height` is the
 * distance between the children. Not every linkage needs all parameters. If `count` is odd, 8 bytes past the end of
 * each row are read, and 8 bytes past the end of `second` are written.
 */

export function complete(first: usize, second: usize, count: u32): void {
  const bytes = (<usize>count) << 3;
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(second + at, f64x2.pmax(v128.load(second + at), v128.load(first + at)));
  }
}

/** The formula is written so that two equal distances result in exactly the same distance, without rounding. */
export function average(first: usize, second: usize, count: u32, _sizes: usize, firstSize: f64, secondSize: f64): void {
  const share = f64x2.splat(firstSize / (firstSize + secondSize));
  const bytes = (<usize>count) << 3;
  for (let at: usize = 0; at < bytes; at += 16) {
    const distances = v128.load(second + at);
    const difference = f64x2.sub(v128.load(first + at), distances);
    v128.store(second + at, f64x2.add(distances, f64x2.mul(difference, share)));
  }
}

export function weighted(first: usize, second: usize, count: u32): void {
  const bytes = (<usize>count) << 3;
  for (let at: usize = 0; at < bytes; at += 16) {
    const sum = f64x2.add(v128.load(first + at), v128.load(second + at));
    v128.store(second + at, f64x2.div(sum, f64x2.splat(2)));
  }
}

/** For squared distances. */
export function ward(
  first: usize,
  second: usize,
  count: u32,
  sizes: usize,
  firstSize: f64,
  secondSize: f64,
  height: f64,
): void {
  const firstSizes = f64x2.splat(firstSize);
  const secondSizes = f64x2.splat(secondSize);
  const pairSizes = f64x2.splat(firstSize + secondSize);
  const heights = f64x2.splat(height);
  const bytes = (<usize>count) << 3;
  for (let at: usize = 0; at < bytes; at += 16) {
    const size = v128.load(sizes + at);
    const fromFirst = f64x2.mul(f64x2.add(firstSizes, size), v128.load(first + at));
    const fromSecond = f64x2.mul(f64x2.add(secondSizes, size), v128.load(second + at));
    const sum = f64x2.sub(f64x2.add(fromFirst, fromSecond), f64x2.mul(size, heights));
    v128.store(second + at, f64x2.div(sum, f64x2.add(pairSizes, size)));
  }
}
