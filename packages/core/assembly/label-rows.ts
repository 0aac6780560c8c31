import { allocate, rowStride } from './memory';
import { placeRows } from './pairs';

/** Positions whose labels are appended at a time. */
export const GROUP: u32 = 16;
/**
 * The label of a block whose digest no other vector has at that position. A zero block has label 0. These two labels
 * must not equal any label in the second plane, which therefore has their complements instead.
 */
export const UNIQUE: u16 = 1;
/** The first label that does not fit in a byte: the complements of 0 and {@link UNIQUE} are reserved. */
export const WIDE: u32 = 254;

let vectors: u32 = 0;
let rowBytes: usize = 0;
let labelStride: usize = 0;
let first: usize = 0;
let second: usize = 0;
let bitStride: usize = 0;
let bits: usize = 0;
/** The end of the one-byte labels in each label row. */
let byteLabels: usize = 0;
/** The start of the two-byte labels in each label row; they end where the row ends. */
let wideFrom: usize = 0;
/** The end of the bits in each bit row. */
let bitBytes: usize = 0;

/**
 * Lays out rows of labels, in two planes, and of bits for `count` vectors, a multiple of 4.
 *
 * @param labelBytes bytes of a label row; a multiple of 64
 */
export function layOutRows(count: u32, labelBytes: usize): void {
  vectors = count;
  rowBytes = labelBytes;
  labelStride = rowStride(rowBytes);
  first = allocate(<usize>vectors * labelStride);
  second = allocate(<usize>vectors * labelStride);
  bitStride = rowStride(rowBytes >> 3);
  bits = allocate(<usize>vectors * bitStride);
  placeRows(first, second, labelStride, bits, bitStride);
  startWindow();
}

/** Empties the rows. */
export function startWindow(): void {
  byteLabels = 0;
  wideFrom = rowBytes;
  bitBytes = 0;
}

/** Returns whether there may be no room for another group, whose labels can have either size. */
export function isFull(): bool {
  return byteLabels + 2 * GROUP > wideFrom || bitBytes + 2 > rowBytes >> 3;
}

/** Returns the end of the one-byte labels in each label row, which start at its beginning. */
export function byteLabelsEnd(): usize {
  return byteLabels;
}

/** Returns the start of the two-byte labels in each label row. */
export function wideLabelsStart(): usize {
  return wideFrom;
}

/** Returns the end of the two-byte labels in each label row. */
export function wideLabelsEnd(): usize {
  return rowBytes;
}

/** Returns the used bytes of each bit row. */
export function bitRowEnd(): usize {
  return (bitBytes + 15) & ~15;
}

/** Reserves space for a group's one-byte labels in every row. Returns its offset in a row. */
export function reserveByteLabels(): usize {
  byteLabels += GROUP;
  return byteLabels - GROUP;
}

/** Reserves space for a group's two-byte labels in every row. Returns its offset in a row. */
export function reserveWideLabels(): usize {
  wideFrom -= 2 * GROUP;
  return wideFrom;
}

/** Reserves space for a group's bits in every row. Returns its offset in a row. */
export function reserveBits(): usize {
  bitBytes += 2;
  return bitBytes - 2;
}

/** Stores a group's one-byte labels in a vector's row. */
export function putByteLabels(vector: u32, place: usize, labels: v128): void {
  const offset = <usize>vector * labelStride + place;
  v128.store(first + offset, labels);
  v128.store(second + offset, v128.xor(labels, i8x16.le_u(labels, i8x16.splat(<i8>UNIQUE))));
}

/** Stores half a group's two-byte labels in a vector's row. */
export function putWideLabels(vector: u32, place: usize, labels: v128): void {
  const offset = <usize>vector * labelStride + place;
  v128.store(first + offset, labels);
  v128.store(second + offset, v128.xor(labels, i16x8.le_u(labels, i16x8.splat(<i16>UNIQUE))));
}

/** Stores a bit for each position of a group: whether the vector has data there. */
export function putBits(vector: u32, place: usize, present: u16): void {
  store<u16>(bits + <usize>vector * bitStride + place, present);
}

/** Stores zeros after a vector's bits, because the kernel processes 128 bits at a time. */
export function endBits(vector: u32): void {
  v128.store(bits + <usize>vector * bitStride + bitBytes, i64x2.splat(0));
}
