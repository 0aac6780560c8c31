import { allocate, rowStride } from './memory';
import { placeRows } from './pairs';

/** Positions whose labels are appended at once. */
export const GROUP: u32 = 16;
/**
 * The label of a block whose digest no other vector has at that position. A zero block has label 0. As neither matches
 * anything, both stand as their complements in the second plane.
 */
export const UNIQUE: u16 = 1;
/** The first label that a byte cannot hold: the complements of 0 and {@link UNIQUE} are taken. */
const WIDE: u32 = 254;

let vectors: u32 = 0;
let rowBytes: usize = 0;
let labelStride: usize = 0;
let first: usize = 0;
let second: usize = 0;
let bitStride: usize = 0;
let bits: usize = 0;
/** How far rows are filled: one-byte labels from the beginning on, two-byte labels from here to the end, and bits. */
let byteLabels: usize = 0;
let wideFrom: usize = 0;
let bitBytes: usize = 0;
/** Room for two squares of 16 × 16 bytes. */
let squares: usize = 0;

/**
 * Lays out rows of labels, in two planes, and of bits for `count` vectors, a multiple of 16.
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
  squares = allocate(512);
  placeRows(first, second, labelStride, bits, bitStride);
  startWindow();
}

/** Empties the rows. */
export function startWindow(): void {
  byteLabels = 0;
  wideFrom = rowBytes;
  bitBytes = 0;
}

/** Whether there is no room for another group, with labels of either kind. */
export function isFull(): bool {
  return byteLabels + 2 * GROUP > wideFrom || bitBytes + 2 > rowBytes >> 3;
}

/** Bytes of each label row, from its beginning, that hold one-byte labels. */
export function byteLabelsEnd(): usize {
  return byteLabels;
}

/** Bytes of each label row from which on it holds two-byte labels. */
export function wideLabelsStart(): usize {
  return wideFrom;
}

/** Bytes of each label row up to which it holds two-byte labels. */
export function wideLabelsEnd(): usize {
  return rowBytes;
}

/** Bytes of each bit row. */
export function bitRowEnd(): usize {
  return (bitBytes + 15) & ~15;
}

/** Puts down in which positions of a group a vector has data; counts only once {@link endBits} is called. */
export function putBits(vector: u32, present: u16): void {
  store<u16>(bits + bitBytes + <usize>vector * bitStride, present);
}

/** Appends the bits that were put down, and after the first ones of 128 zeros: the kernel takes so many at a time. */
export function endBits(): void {
  bitBytes += 2;
  if ((bitBytes & 15) !== 2) return;
  for (let vector: u32 = 0; vector < vectors; vector++) memory.fill(bits + <usize>vector * bitStride + bitBytes, 0, 14);
}

/** Appends a group's labels, u16 by position and vector, which are all below `end`. */
export function appendLabels(labels: usize, end: u32): void {
  if (end <= WIDE) appendByteLabels(labels);
  else appendWideLabels(labels);
}

/** 16 vectors by 16 positions at a time, transposed in four shuffles. */
function appendByteLabels(groupLabels: usize): void {
  const unique = i8x16.splat(<i8>UNIQUE);
  for (let vector: u32 = 0; vector < vectors; vector += 16) {
    for (let place: u32 = 0; place < GROUP; place++) {
      const labels = groupLabels + (<usize>place * vectors + vector) * 2;
      v128.store(squares + place * 16, i8x16.narrow_i16x8_u(v128.load(labels), v128.load(labels, 16)));
    }
    shuffle(squares, squares + 256);
    shuffle(squares + 256, squares);
    shuffle(squares, squares + 256);
    shuffle(squares + 256, squares);
    for (let row: u32 = 0; row < 16; row++) {
      const offset = <usize>(vector + row) * labelStride + byteLabels;
      const labels = v128.load(squares + row * 16);
      v128.store(first + offset, labels);
      v128.store(second + offset, v128.xor(labels, i8x16.le_u(labels, unique)));
    }
  }
  byteLabels += GROUP;
}

/** A quarter of transposing 16 × 16 bytes: interleaves each row with the one eight rows below. */
function shuffle(source: usize, target: usize): void {
  for (let row: usize = 0; row < 128; row += 16) {
    const upper = v128.load(source + row);
    const lower = v128.load(source + row, 128);
    v128.store(target + 2 * row, i8x16.shuffle(upper, lower, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    v128.store(
      target + 2 * row,
      i8x16.shuffle(upper, lower, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31),
      16,
    );
  }
}

function appendWideLabels(groupLabels: usize): void {
  wideFrom -= 2 * GROUP;
  for (let vector: u32 = 0; vector < vectors; vector++) {
    const offset = <usize>vector * labelStride + wideFrom;
    for (let place: u32 = 0; place < GROUP; place++) {
      const label = load<u16>(groupLabels + (<usize>place * vectors + vector) * 2);
      store<u16>(first + offset + place * 2, label);
      store<u16>(second + offset + place * 2, label <= UNIQUE ? ~label : label);
    }
  }
}
