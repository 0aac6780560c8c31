/**
 * Consecutive rows of a condensed matrix of distances, while clusters are merged. Entry of a WebAssembly module of its
 * own, whose memory holds one such band; a larger matrix is several instances.
 *
 * Clusters are addressed by position: those that are left have positions 0 … count−1, which close up when one is removed.
 * A row in the making, of all distances of one cluster by position, has the same address in every instance.
 *
 * Nearly every distance of a column is a cache miss. This loop has few enough instructions for many of them to be waited
 * for at a time; in JavaScript it takes three to five times as long.
 */
import { allocate } from './memory';

export { average, complete, ward, weighted } from './lance-williams';

/** Bytes that are searched at a time. */
const STEP: usize = 64;

let values: usize = 0;
let valuesEnd: usize = 0;
/** By position: 8 times the column of the cluster; u32. */
let columns: usize = 0;
/** By position after `first`: what to add to 8 times a later column for the address of a distance; u32, may wrap. */
let bases: usize = 0;

/** Clusters that are left. */
let count: u32 = 0;
/** The position of the first row of this band, and how many rows are left. */
let first: u32 = 0;
let rows: u32 = 0;

/** Makes room for rows of so many items, `rowCount` of them from `firstRow` on. Once per instance. */
export function configure(size: u32, firstRow: u32, rowCount: u32): void {
  count = size;
  first = firstRow;
  rows = rowCount;
  columns = allocate((<usize>size) << 2);
  for (let item: u32 = 0; item < size; item++) {
    store<u32>(columns + ((<usize>item) << 2), item << 3);
  }
  bases = allocate((<usize>rowCount) << 2);
  let pairs: usize = 0;
  for (let row: u32 = 0; row < rowCount; row++) {
    pairs += size - 1 - (firstRow + row);
  }
  values = allocate(pairs << 3);
  valuesEnd = values + (pairs << 3);
  let start = values;
  for (let row: u32 = 0; row < rowCount; row++) {
    const item: usize = firstRow + row;
    store<u32>(bases + ((<usize>row) << 2), start - ((item + 1) << 3));
    start += (size - 1 - item) << 3;
  }
}

/** Room for a row of `size` distances. To be called before `configure`, so that all instances have it at one address. */
export function allocateRow(size: u32): usize {
  return allocate(((<usize>size) << 3) + STEP);
}

/** Where the distances of this band stand, row after row, as in a condensed matrix. */
export function valuesAt(): usize {
  return values;
}

/** Replaces every distance of this band by its square. */
export function square(): void {
  for (let at = values; at < valuesEnd; at += 8) {
    store<f64>(at, load<f64>(at) * load<f64>(at));
  }
}

/** Up to which position, exclusive, this band and those before it hold the row of the cluster at `position`. */
export function endOfPart(position: u32): u32 {
  return position < first + rows ? count : first + rows;
}

/** Fills in this band's part of the row of the cluster at `position`; infinity is its distance from itself. */
export function gather(position: u32, row: usize): void {
  if (position < first) {
    return;
  }
  const column = columnAt(position);
  const end = min(position - first, rows);
  const target = row + ((<usize>first) << 3);
  // Four loads before the first store take a tenth off the time of a whole clustering.
  let k: u32 = 0;
  for (; k + 4 <= end; k += 4) {
    const from = bases + ((<usize>k) << 2);
    const to = target + ((<usize>k) << 3);
    const a = load<f64>(column + load<u32>(from));
    const b = load<f64>(column + load<u32>(from, 4));
    const c = load<f64>(column + load<u32>(from, 8));
    const d = load<f64>(column + load<u32>(from, 12));
    store<f64>(to, a);
    store<f64>(to, b, 8);
    store<f64>(to, c, 16);
    store<f64>(to, d, 24);
  }
  for (; k < end; k++) {
    store<f64>(target + ((<usize>k) << 3), load<f64>(column + baseAt(k)));
  }
  if (end === rows) {
    return;
  }

  store<f64>(row + ((<usize>position) << 3), Infinity);
  const base = baseAt(end);
  for (let later = position + 1; later < count; later++) {
    store<f64>(row + ((<usize>later) << 3), load<f64>(base + columnAt(later)));
  }
}

/** Replaces what this band holds of the distances of the cluster at `position` by those of a row. */
export function scatter(position: u32, row: usize): void {
  if (position < first) {
    return;
  }
  const column = columnAt(position);
  const end = min(position - first, rows);
  const source = row + ((<usize>first) << 3);
  for (let k: u32 = 0; k < end; k++) {
    store<f64>(column + baseAt(k), load<f64>(source + ((<usize>k) << 3)));
  }
  if (end === rows) {
    return;
  }

  const base = baseAt(end);
  for (let later = position + 1; later < count; later++) {
    store<f64>(base + columnAt(later), load<f64>(row + ((<usize>later) << 3)));
  }
}

/** Removes the cluster at `position`; later ones move down by one. */
export function remove(position: u32): void {
  close(columns, position, count);
  count--;
  if (position < first) {
    first--;
  } else if (position < first + rows) {
    close(bases, position - first, rows);
    rows--;
  }
}

/** The position of the smallest distance of a complete row, the first one where several are equal. */
export function nearest(row: usize): u32 {
  const end = row + ((<usize>count) << 3);
  for (let at = end; at < end + STEP; at += 16) {
    v128.store(at, f64x2.splat(Infinity));
  }
  let a = f64x2.splat(Infinity);
  let b = a;
  let c = a;
  let d = a;
  for (let at = row; at < end; at += STEP) {
    a = f64x2.pmin(a, v128.load(at));
    b = f64x2.pmin(b, v128.load(at, 16));
    c = f64x2.pmin(c, v128.load(at, 32));
    d = f64x2.pmin(d, v128.load(at, 48));
  }
  const lanes = f64x2.pmin(f64x2.pmin(a, b), f64x2.pmin(c, d));
  const shortest = min(f64x2.extract_lane(lanes, 0), f64x2.extract_lane(lanes, 1));
  let at = row;
  const wanted = f64x2.splat(shortest);
  while (!v128.any_true(f64x2.eq(wanted, v128.load(at)))) {
    at += 16;
  }
  return <u32>((at - row) >> 3) + (load<f64>(at) === shortest ? 0 : 1);
}

function columnAt(position: u32): u32 {
  return load<u32>(columns + ((<usize>position) << 2));
}

function baseAt(row: u32): u32 {
  return load<u32>(bases + ((<usize>row) << 2));
}

/** Closes the gap of one of `length` u32. */
function close(list: usize, index: u32, length: u32): void {
  const gap = list + ((<usize>index) << 2);
  memory.copy(gap, gap + 4, (<usize>(length - 1 - index)) << 2);
}
