import { allocate } from './memory';

/** Rows of a tile of the pair matrix: 64 rows of {@link CHUNK} bytes for each side fit in the second-level cache. */
export const TILE: u32 = 64;
/** The bytes of a row of a tile's counts. */
const ROW: usize = TILE * 4;
/** Bytes of two rows to compare before the next two rows. At most 255 × 16, because counters are bytes. */
const CHUNK: usize = 2048;
/** As {@link CHUNK}, for bit rows: 31 additions of up to 8 bits fit in a byte counter. */
const BIT_CHUNK: usize = 31 * 16;

/** Label rows: equal lanes of a row in the first plane and a row in the second plane mean equal blocks. */
let firstPlane: usize = 0;
let secondPlane: usize = 0;
let labelStride: usize = 0;
let bitRows: usize = 0;
let bitStride: usize = 0;

let equalCounts: usize = 0;
let commonCounts: usize = 0;

/** Sets the addresses and strides of the rows. The number of rows is a multiple of 4. */
export function placeRows(first: usize, second: usize, stride: usize, bits: usize, strideOfBits: usize): void {
  firstPlane = first;
  secondPlane = second;
  labelStride = stride;
  bitRows = bits;
  bitStride = strideOfBits;
  equalCounts = allocate(TILE * TILE * 4);
  commonCounts = allocate(TILE * TILE * 4);
}

/**
 * Returns the address of the equal blocks of the pairs that {@link countTile} counted last: u32, rows of {@link TILE}.
 */
export function equalCountsAt(): usize {
  return equalCounts;
}

/**
 * Returns the address of the common bits of the pairs that {@link countTile} counted last: u32, rows of {@link TILE}.
 */
export function commonCountsAt(): usize {
  return commonCounts;
}

/**
 * Counts the equal labels and the common bits of the pairs of rows a and b, with firstRow ≤ a < firstEnd, secondRow ≤ b
 * < secondEnd and a ≤ b. The counts of other pairs are unspecified. `firstRow` and `secondRow` are multiples of 4; each
 * side has at most {@link TILE} rows.
 *
 * @param byteLabels end of the one-byte labels, which begin at the start of each label row; a multiple of 16
 * @param wideFrom, wideTo start and end of the two-byte labels in each label row; multiples of 16
 * @param bitBytes bytes of each bit row; a multiple of 16
 */
export function countTile(
  firstRow: u32,
  firstEnd: u32,
  secondRow: u32,
  secondEnd: u32,
  byteLabels: usize,
  wideFrom: usize,
  wideTo: usize,
  bitBytes: usize,
): void {
  memory.fill(equalCounts, 0, TILE * TILE * 4);
  memory.fill(commonCounts, 0, TILE * TILE * 4);
  for (let at: usize = 0; at < byteLabels; at += CHUNK) {
    addEqual<u8>(firstRow, firstEnd, secondRow, secondEnd, at, min(at + CHUNK, byteLabels));
  }
  for (let at = wideFrom; at < wideTo; at += CHUNK) {
    addEqual<u16>(firstRow, firstEnd, secondRow, secondEnd, at, min(at + CHUNK, wideTo));
  }
  for (let at: usize = 0; at < bitBytes; at += BIT_CHUNK) {
    addCommon(firstRow, firstEnd, secondRow, secondEnd, at, min(at + BIT_CHUNK, bitBytes));
  }
}

/**
 * Processes 4 × 2 rows at a time, to use each loaded value several times. With more rows, the counters would not fit in
 * registers.
 */
function addEqual<T>(firstRow: u32, firstEnd: u32, secondRow: u32, secondEnd: u32, from: usize, to: usize): void {
  for (let a = firstRow; a < firstEnd; a += 4) {
    const a0 = firstPlane + <usize>a * labelStride;
    const a1 = a0 + labelStride;
    const a2 = a1 + labelStride;
    const a3 = a2 + labelStride;
    for (let b = max(secondRow, a); b < secondEnd; b += 2) {
      const b0 = secondPlane + <usize>b * labelStride;
      const b1 = b0 + labelStride;
      let c00 = i64x2.splat(0);
      let c01 = i64x2.splat(0);
      let c10 = i64x2.splat(0);
      let c11 = i64x2.splat(0);
      let c20 = i64x2.splat(0);
      let c21 = i64x2.splat(0);
      let c30 = i64x2.splat(0);
      let c31 = i64x2.splat(0);
      for (let at = from; at < to; at += 16) {
        const x0 = v128.load(a0 + at);
        const x1 = v128.load(a1 + at);
        const x2 = v128.load(a2 + at);
        const x3 = v128.load(a3 + at);
        const y0 = v128.load(b0 + at);
        c00 = v128.sub<T>(c00, v128.eq<T>(x0, y0));
        c10 = v128.sub<T>(c10, v128.eq<T>(x1, y0));
        c20 = v128.sub<T>(c20, v128.eq<T>(x2, y0));
        c30 = v128.sub<T>(c30, v128.eq<T>(x3, y0));
        const y1 = v128.load(b1 + at);
        c01 = v128.sub<T>(c01, v128.eq<T>(x0, y1));
        c11 = v128.sub<T>(c11, v128.eq<T>(x1, y1));
        c21 = v128.sub<T>(c21, v128.eq<T>(x2, y1));
        c31 = v128.sub<T>(c31, v128.eq<T>(x3, y1));
      }
      const counts = equalCounts + placeOf(a - firstRow, b - secondRow);
      addTo(counts, sumOf<T>(c00), sumOf<T>(c01));
      addTo(counts + ROW, sumOf<T>(c10), sumOf<T>(c11));
      addTo(counts + 2 * ROW, sumOf<T>(c20), sumOf<T>(c21));
      addTo(counts + 3 * ROW, sumOf<T>(c30), sumOf<T>(c31));
    }
  }
}

function addCommon(firstRow: u32, firstEnd: u32, secondRow: u32, secondEnd: u32, from: usize, to: usize): void {
  for (let a = firstRow; a < firstEnd; a += 2) {
    const a0 = bitRows + <usize>a * bitStride;
    const a1 = a0 + bitStride;
    for (let b = max(secondRow, a); b < secondEnd; b += 2) {
      const b0 = bitRows + <usize>b * bitStride;
      const b1 = b0 + bitStride;
      let c00 = i64x2.splat(0);
      let c01 = i64x2.splat(0);
      let c10 = i64x2.splat(0);
      let c11 = i64x2.splat(0);
      for (let at = from; at < to; at += 16) {
        const x0 = v128.load(a0 + at);
        const x1 = v128.load(a1 + at);
        const y0 = v128.load(b0 + at);
        const y1 = v128.load(b1 + at);
        c00 = i8x16.add(c00, i8x16.popcnt(v128.and(x0, y0)));
        c01 = i8x16.add(c01, i8x16.popcnt(v128.and(x0, y1)));
        c10 = i8x16.add(c10, i8x16.popcnt(v128.and(x1, y0)));
        c11 = i8x16.add(c11, i8x16.popcnt(v128.and(x1, y1)));
      }
      const counts = commonCounts + placeOf(a - firstRow, b - secondRow);
      addTo(counts, sumOf<u8>(c00), sumOf<u8>(c01));
      addTo(counts + ROW, sumOf<u8>(c10), sumOf<u8>(c11));
    }
  }
}

function placeOf(row: u32, column: u32): usize {
  return (<usize>row * TILE + column) * 4;
}

/** Adds to the counts of two neighbouring pairs. */
function addTo(counts: usize, left: u32, right: u32): void {
  store<u32>(counts, load<u32>(counts) + left);
  store<u32>(counts, load<u32>(counts, 4) + right, 4);
}

/** Returns the sum of a vector's lanes. */
function sumOf<T>(lanes: v128): u32 {
  const halves = sizeof<T>() === 1 ? i16x8.extadd_pairwise_i8x16_u(lanes) : lanes;
  const words = i32x4.extadd_pairwise_i16x8_u(halves);
  return (
    i32x4.extract_lane(words, 0) +
    i32x4.extract_lane(words, 1) +
    i32x4.extract_lane(words, 2) +
    i32x4.extract_lane(words, 3)
  );
}
