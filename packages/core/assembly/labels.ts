import {
  clearEntries,
  enterRows,
  entriesAt,
  FIRST_ENTRY,
  labelOf,
  labelsEndAt,
  layOutEntries,
  numbersOf,
  probeRows,
} from './entries';
import {
  endBits,
  GROUP,
  isFull,
  layOutRows,
  putBits,
  putByteLabels,
  putWideLabels,
  reserveBits,
  reserveByteLabels,
  reserveWideLabels,
  UNIQUE,
  WIDE,
} from './label-rows';
import { allocate, releaseAll } from './memory';

/** The number of slots of vectors: those of the build side, then, from a multiple of 4 on, those of the probe side. */
let vectors: u32 = 0;
let buildVectors: u32 = 0;
let digestLength: u32 = 0;
let sliceWidth: u32 = 0;

// The rows of one vector in a slice.
let blocks: usize = 0;
let input: usize = 0;

/** For each group of a slice: what to append, the offset of its labels, and the offset of its bits; u32 each. */
let plans: usize = 0;
const PLAN: usize = 12;

// What to append for a group.
/** Nothing: no vector has data there. */
const NOTHING: u32 = 0;
/** Bits only: no block is shared. */
const BITS: u32 = 1;
/** One-byte labels: the numbers of the entries are small enough to serve as labels. */
const NUMBERS: u32 = 2;
/** One-byte labels: there are too many entries to use their numbers, but few enough shared ones. */
const LABELS: u32 = 3;
/** Two-byte labels: the numbers of the entries serve as labels. */
const WIDE_NUMBERS: u32 = 4;

/**
 * Lays out memory for vectors of digests of `length` bytes. Vectors of the build side are compared with each other and
 * with those of the probe side. Vectors of the probe side are not compared with each other.
 *
 * @param build vectors of the build side; at most 65,532, so that no entry number equals the complement of 0 or 1
 * @param probe vectors of the probe side, whose slots begin at the next multiple of 4
 * @param width positions of a slice; a multiple of 16
 * @param labelBytes bytes of a label row; a multiple of 64
 */
export function configure(build: u32, probe: u32, length: u32, width: u32, labelBytes: u32): void {
  releaseAll();
  buildVectors = build;
  vectors = probe === 0 ? build : ((build + 3) & ~3) + probe;
  digestLength = length;
  sliceWidth = width;
  blocks = allocate(<usize>sliceWidth * 4);
  input = allocate(<usize>sliceWidth * digestLength);
  plans = allocate((<usize>sliceWidth / GROUP) * PLAN);
  layOutRows((vectors + 3) & ~3, labelBytes);
  layOutEntries(buildVectors, vectors, length, width);
}

/** Returns the address of the block numbers for {@link takeRows}: u32, with room for one slice. */
export function blocksAt(): usize {
  return blocks;
}

/** Returns the address of the digests of taken rows for {@link labelRows}. */
export function digestsAt(): usize {
  return input;
}

/** Starts a slice without rows. */
export function startSlice(): void {
  clearEntries();
}

/**
 * Returns how many of the `count` block numbers at {@link blocksAt} are below `end`. If they do not ascend strictly
 * from `start` on, returns −1 − r, where r is the first wrong row.
 */
export function takeRows(count: u32, start: u32, end: u64): i32 {
  if (count === 0) {
    return 0;
  }
  if (load<u32>(blocks) < start) {
    return -1;
  }
  let row: u32 = 1;
  for (; row + 4 <= count; row += 4) {
    const address = blocks + <usize>row * 4;
    if (!i32x4.all_true(i32x4.gt_u(v128.load(address), v128.load(address - 4)))) {
      break;
    }
  }
  for (; row < count; row++) {
    const address = blocks + <usize>row * 4;
    if (load<u32>(address) <= load<u32>(address - 4)) {
      return -1 - row;
    }
  }
  return rowsBelow(end, count);
}

/** Returns how many of the `count` ascending block numbers at {@link blocksAt} are below `end`. */
export function rowsBelow(end: u64, count: u32): u32 {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (<u64>load<u32>(blocks + <usize>middle * 4) < end) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/**
 * Looks up the digests at {@link digestsAt} of `rows` rows of a vector. Their block numbers are those from row `first`
 * on at {@link blocksAt}. All vectors of the build side must be looked up before the first vector of the probe side.
 */
export function labelRows(vector: u32, first: u32, rows: u32, start: u32): void {
  const numbers = blocks + <usize>first * 4;
  if (vector < buildVectors) {
    enterRows(vector, rows, numbers, start, input, digestLength);
  } else {
    probeRows(vector, rows, numbers, start, input, digestLength);
  }
}

/**
 * Returns the first position of the slice, from `from` on, at which the build side has data. Returns the width of the
 * slice if there is none.
 */
export function segmentStart(from: u32): u32 {
  let position = from;
  while (position < sliceWidth && entriesAt(position) === 0) {
    position++;
  }
  return position;
}

/**
 * Returns the end of the segment that begins at `from`: the position after the last one at which the build side has
 * data, before the first gap of more than `gap` positions.
 */
export function segmentEnd(from: u32, gap: u32): u32 {
  let end = from;
  for (let position = from; position < sliceWidth && position <= end + gap; position++) {
    if (entriesAt(position) !== 0) {
      end = position + 1;
    }
  }
  return end;
}

/**
 * Appends the labels of the slice from `position` on, a multiple of 16, until the slice ends or the rows are full.
 * Returns the width of the slice, or the position to continue with in a new window if the rows are full.
 */
export function appendLabels(position: u32): u32 {
  const firstGroup = position / GROUP;
  let group = firstGroup;
  const groups = sliceWidth / GROUP;
  for (; group < groups && !isFull(); group++) {
    planGroup(group);
  }
  for (let vector: u32 = 0; vector < vectors; vector++) {
    for (let each = firstGroup; each < group; each++) {
      appendGroup(vector, each);
    }
    endBits(vector);
  }
  return group * GROUP;
}

function planGroup(group: u32): void {
  let mostEntries: u32 = 0;
  let labelsEnd: u32 = 0;
  for (let position = group * GROUP; position < (group + 1) * GROUP; position++) {
    mostEntries = max(mostEntries, entriesAt(position));
    labelsEnd = max(labelsEnd, labelsEndAt(position));
  }
  const plan = plans + <usize>group * PLAN;
  const kind = kindOf(mostEntries, labelsEnd);
  store<u32>(plan, kind);
  if (kind === NOTHING) {
    return;
  }
  store<u32>(plan, <u32>reserveBits(), 8);
  if (kind === WIDE_NUMBERS) {
    store<u32>(plan, <u32>reserveWideLabels(), 4);
  } else if (kind !== BITS) {
    store<u32>(plan, <u32>reserveByteLabels(), 4);
  }
}

function kindOf(mostEntries: u32, labelsEnd: u32): u32 {
  if (mostEntries === 0) {
    return NOTHING;
  }
  if (labelsEnd === FIRST_ENTRY) {
    return BITS;
  }
  if (mostEntries + FIRST_ENTRY <= WIDE) {
    return NUMBERS;
  }
  return labelsEnd <= WIDE ? LABELS : WIDE_NUMBERS;
}

/** Appends a group of a vector and clears the group's numbers for the next slice. */
function appendGroup(vector: u32, group: u32): void {
  const plan = plans + <usize>group * PLAN;
  const kind = load<u32>(plan);
  if (kind === NOTHING) {
    return;
  }
  const source = numbersOf(vector) + <usize>group * GROUP * 2;
  const low = v128.load(source);
  const high = v128.load(source, 16);
  const zero = i64x2.splat(0);
  const present = i8x16.narrow_i16x8_s(i16x8.ne(low, zero), i16x8.ne(high, zero));
  putBits(vector, load<u32>(plan, 8), <u16>i8x16.bitmask(present));
  const place = <usize>load<u32>(plan, 4);
  if (kind === NUMBERS) {
    putByteLabels(vector, place, i8x16.narrow_i16x8_u(low, high));
  } else if (kind === LABELS) {
    replaceByLabels(source, group * GROUP);
    putByteLabels(vector, place, i8x16.narrow_i16x8_u(v128.load(source), v128.load(source, 16)));
  } else if (kind === WIDE_NUMBERS) {
    putWideLabels(vector, place, low);
    putWideLabels(vector, place + 16, high);
  }
  v128.store(source, zero);
  v128.store(source, zero, 16);
}

function replaceByLabels(source: usize, position: u32): void {
  for (let index: u32 = 0; index < GROUP; index++) {
    const address = source + <usize>index * 2;
    const number = load<u16>(address);
    if (number > UNIQUE) {
      store<u16>(address, labelOf(position + index, number));
    }
  }
}
