/**
 * A band of consecutive rows of a condensed matrix of distances, while clusters are merged. The entry point of a
 * separate WebAssembly module, whose memory holds one band. A larger matrix is split over several instances.
 *
 * The remaining clusters have positions 0 … count−1; when one is removed, later positions move down by one. A gathered
 * row, with all distances of one cluster by position, has the same address in every instance.
 *
 * Nearly every distance of a column is a cache miss. The loop of `gather` has few enough instructions for many misses
 * to be in progress at a time; in JavaScript, it takes three to five times as long.
 */
import { allocate } from './memory';

export { average, complete, ward, weighted } from './lance-williams';

/** Bytes to search at a time. */
const STEP: usize = 64;

let values: usize = 0;
let valuesEnd: usize = 0;
/** For each position: 8 times the column of the cluster; u32. */
let columns: usize = 0;
/**
 * For each position from `first` on, an address; u32, can wrap around. The distance to a later cluster is at this
 * address plus 8 times the column of that cluster.
 */
let bases: usize = 0;

/** The number of remaining clusters. */
let count: u32 = 0;
/** The position of the first row of this band. */
let first: u32 = 0;
/** The number of remaining rows of this band. */
let rows: u32 = 0;

/** Allocates `rowCount` rows, from `firstRow` on, of a matrix of `size` items. Must be called once per instance. */
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

/**
 * Allocates a row of `size` distances and returns its address. Must be called before `configure`, so that the address
 * is the same in all instances.
 */
export function allocateRow(size: u32): usize {
  return allocate(((<usize>size) << 3) + STEP);
}

/** Returns the address of the distances of this band, row after row, as in a condensed matrix. */
export function valuesAt(): usize {
  return values;
}

/** Replaces every distance of this band by its square. */
export function square(): void {
  for (let at = values; at < valuesEnd; at += 8) {
    store<f64>(at, load<f64>(at) * load<f64>(at));
  }
}

/**
 * Returns the number of positions, from 0 on, whose distances to the cluster at `position` are in this band or in the
 * bands before it.
 */
export function endOfPart(position: u32): u32 {
  return position < first + rows ? count : first + rows;
}

/**
 * Stores this band's part of the distances of the cluster at `position` in a row. Its distance to itself is infinity.
 */
export function gather(position: u32, row: usize): void {
  if (position < first) {
    return;
  }
  const column = columnAt(position);
  const end = min(position - first, rows);
  const target = row + ((<usize>first) << 3);
  // Four loads before the first store reduce the total clustering time by a tenth.
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

/** Replaces this band's distances of the cluster at `position` by those of a row. */
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

/** Removes the cluster at `position`; the positions of later clusters decrease by one. */
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

/**
 * Returns the position of the smallest distance in a complete row; the first one if several are equal. Overwrites the
 * {@link STEP} bytes after the row.
 */
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

/** Removes the element at `index` from a list of `length` u32. */
function close(list: usize, index: u32, length: u32): void {
  const gap = list + ((<usize>index) << 2);
  memory.copy(gap, gap + 4, (<usize>(length - 1 - index)) << 2);
}
