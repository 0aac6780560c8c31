import { copyDigest, equalsPadded, mixedHashOf, setDigestLength } from './digests';
import { allocate, releaseAll, rowStride } from './memory';
import { placeRows } from './pairs';

/** The most occurrences of a digest in one vector that are elements; further occurrences are only counted. */
const MOST_OCCURRENCES: u32 = 8;

// An entry is a padded digest, followed by these fields of 4 bytes each.
/** The number of this occurrence of the digest in a vector, from 1. */
const OCCURRENCE: usize = 0;
/** The first vector that has the element, plus 1; 0 for none. */
const HOLDER: usize = 4;
/** The element's column of bits, plus 1; 0 while only one vector has it. */
const COLUMN: usize = 8;
/** For a first occurrence: the last vector that had the digest, plus 1. */
const LAST_VECTOR: usize = 12;
/** For a first occurrence: how often the last vector has had the digest so far. */
const TIMES: usize = 16;
/** For a first occurrence: the index in `frequent` of the digest's count for the last vector that had the digest. */
const FREQUENT: usize = 20;
const FIELDS: usize = 24;

let digestLength: usize = 0;
let paddedDigest: usize = 0;
let input: usize = 0;
/** The digests of the partition among the input: hash (u64) and address (u32) of each. */
let picked: usize = 0;
const PICKED: usize = 16;
/** Exported, so that the compiler does not remove loads whose only purpose is to fill the processor's cache. */
export let fetched: u32 = 0;

let entries: usize = 0;
let entryStride: usize = 0;
let mostEntries: u32 = 0;
let entryCount: u32 = 0;
let table: usize = 0;
let tableSize: u32 = 0;
let shift: u64 = 0;

let bits: usize = 0;
let bitStride: usize = 0;
let rows: u32 = 0;
let buildVectors: u32 = 0;
/** Whether only the first occurrence of a digest in a vector counts. */
let isDistinct: bool = false;
/** For each vector, the number of distinct digests of the partition; u32. Filled only if {@link isDistinct} is set. */
let distinct: usize = 0;
let mostColumns: u32 = 0;
let columnCount: u32 = 0;

/** Counts of occurrences beyond {@link MOST_OCCURRENCES}: entry, vector, times; u32 each. */
let frequent: usize = 0;
let mostFrequent: u32 = 0;
let frequentCount: u32 = 0;

/**
 * Lays out memory for elements of vectors: the k-th occurrence of a digest within a vector is one element. Only
 * elements of the build side are stored, unless distinct digests are counted.
 *
 * @param build vectors of the build side
 * @param probe vectors of the probe side, whose slots begin at the next multiple of 4
 * @param length bytes of a digest
 * @param rowsAtOnce the most digests per call of {@link takeDigests}
 * @param capacity the most elements; a power of two
 * @param columns the most elements that several vectors have; a multiple of 128
 * @param frequentOnes the most pairs of a digest and a vector that has it more than {@link MOST_OCCURRENCES} times
 * @param onlyDistinct whether only the first occurrence of a digest in a vector is an element
 */
export function configureElements(
  build: u32,
  probe: u32,
  length: u32,
  rowsAtOnce: u32,
  capacity: u32,
  columns: u32,
  frequentOnes: u32,
  onlyDistinct: bool,
): void {
  releaseAll();
  digestLength = length;
  paddedDigest = setDigestLength(length);
  input = allocate(<usize>rowsAtOnce * digestLength);
  picked = allocate((<usize>rowsAtOnce + 1) * PICKED);
  mostEntries = capacity;
  entryStride = paddedDigest + FIELDS;
  entries = allocate(<usize>mostEntries * entryStride);
  tableSize = capacity * 2;
  shift = <u64>clz(tableSize) + 33;
  table = allocate(<usize>tableSize * 4);
  mostColumns = columns;
  buildVectors = build;
  rows = ((build + 3) & ~3) + ((probe + 3) & ~3);
  isDistinct = onlyDistinct;
  distinct = allocate(<usize>rows * 4);
  bitStride = rowStride(<usize>columns >> 3);
  bits = allocate(<usize>rows * bitStride);
  mostFrequent = frequentOnes;
  frequent = allocate(<usize>mostFrequent * 12);
  placeRows(bits, bits, bitStride, bits, bitStride);
}

/** Returns the address of the digests for {@link takeDigests}. */
export function inputAt(): usize {
  return input;
}

/** Removes all elements. */
export function startPartition(): void {
  memory.fill(table, 0, <usize>tableSize * 4);
  memory.fill(bits, 0, <usize>rows * bitStride);
  memory.fill(distinct, 0, <usize>rows * 4);
  entryCount = 0;
  columnCount = 0;
  frequentCount = 0;
}

/**
 * Enters those of a vector's next `count` digests that belong to the partition: their hash, shifted right by 16, has
 * `value` in the bits of `mask`. Returns whether there was room for all of them. If not, the partition must be split,
 * and its parts be started again.
 */
export function takeDigests(vector: u32, count: u32, mask: u32, value: u32): bool {
  const end = picked + <usize>pick(count, mask, value) * PICKED;
  fetch(end);
  for (let at = picked; at < end; at += PICKED) {
    // The most that one digest can need.
    if (entryCount + 2 > mostEntries || columnCount === mostColumns || frequentCount === mostFrequent) {
      return false;
    }
    takeDigest(vector, <usize>load<u32>(at, 8), load<u64>(at));
  }
  return true;
}

/** Picks the digests of a partition without a branch, which the processor could not predict. Returns their number. */
function pick(count: u32, mask: u32, value: u32): u32 {
  let taken: u32 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const digest = input + <usize>index * digestLength;
    const hash = mixedHashOf(digest);
    const at = picked + <usize>taken * PICKED;
    store<u64>(at, hash);
    store<u32>(at, <u32>digest, 8);
    taken += <u32>((<u32>(hash >> 16) & mask) === value);
  }
  return taken;
}

/**
 * Loads the entries with which the picked digests will probably be compared. Nothing depends on these loads, so many of
 * them can be in progress at the same time.
 */
function fetch(end: usize): void {
  for (let at = picked; at < end; at += PICKED) {
    fetched ^= load<u32>(table + <usize>bucketOf(1, load<u64>(at)) * 4);
  }
  for (let at = picked; at < end; at += PICKED) {
    const entry = load<u32>(table + <usize>bucketOf(1, load<u64>(at)) * 4);
    // An entry begins in one cache line and may end in another.
    const digest = entries + <usize>max(entry, 1) * entryStride - entryStride;
    fetched ^= load<u32>(digest) ^ load<u32>(digest + paddedDigest, FREQUENT);
  }
}

/**
 * Returns the address of the {@link frequentOnes} counts of occurrences beyond the eighth: a number that identifies the
 * digest, the vector, and the occurrences; u32 each.
 */
export function frequentAt(): usize {
  return frequent;
}

export function frequentOnes(): u32 {
  return frequentCount;
}

/**
 * Returns the address of the number of distinct digests of each vector; u32. Zeros unless distinct digests are counted.
 */
export function distinctAt(): usize {
  return distinct;
}

/** Returns the used bytes of each bit row. */
export function elementRowEnd(): usize {
  return ((<usize>columnCount + 127) & ~127) >> 3;
}

function takeDigest(vector: u32, digest: usize, hash: u64): void {
  const first = elementFor(vector, 1, digest, hash);
  if (first === 0) {
    return;
  }
  const isAgain = load<u32>(first, LAST_VECTOR) === vector + 1;
  if (isDistinct) {
    if (!isAgain) {
      takeDistinct(vector, first);
    }
    return;
  }
  const times = isAgain ? load<u32>(first, TIMES) + 1 : 1;
  store<u32>(first, vector + 1, LAST_VECTOR);
  store<u32>(first, times, TIMES);
  if (times > MOST_OCCURRENCES) {
    countFrequent(first, vector, times);
    return;
  }
  const element = times === 1 ? first : elementFor(vector, times, digest, hash);
  if (element !== 0) {
    addHolder(element, vector);
  }
}

/** Enters the first occurrence of a digest in a vector. Only elements of the build side can be common to a pair. */
function takeDistinct(vector: u32, first: usize): void {
  store<u32>(first, vector + 1, LAST_VECTOR);
  const count = distinct + <usize>vector * 4;
  store<u32>(count, load<u32>(count) + 1);
  if (vector < buildVectors || load<u32>(first, HOLDER) !== 0) {
    addHolder(first, vector);
  }
}

/**
 * Returns the fields of an element's entry. If there is no entry, adds one if the vector is of the build side or
 * distinct digests are counted, and otherwise returns 0.
 */
function elementFor(vector: u32, occurrence: u32, digest: usize, hash: u64): usize {
  let bucket = bucketOf(occurrence, hash);
  for (;;) {
    const entry = load<u32>(table + <usize>bucket * 4);
    if (entry === 0) {
      break;
    }
    const known = entries + <usize>(entry - 1) * entryStride;
    const fields = known + paddedDigest;
    if (load<u32>(fields, OCCURRENCE) === occurrence && equalsPadded(digest, known)) {
      return fields;
    }
    bucket = (bucket + 1) & (tableSize - 1);
  }
  return vector < buildVectors || isDistinct ? addElement(bucket, occurrence, digest) : 0;
}

/** Adds an entry. Returns its fields. */
function addElement(bucket: u32, occurrence: u32, digest: usize): usize {
  const made = entries + <usize>entryCount * entryStride;
  entryCount++;
  store<u32>(table + <usize>bucket * 4, entryCount);
  copyDigest(made, digest);
  memory.fill(made + paddedDigest, 0, FIELDS);
  store<u32>(made + paddedDigest, occurrence, OCCURRENCE);
  return made + paddedDigest;
}

/** Returns the bucket at which the search for an element begins. */
function bucketOf(occurrence: u32, hash: u64): u32 {
  return <u32>((hash * (2 * <u64>occurrence - 1)) >> shift);
}

/** Records that a vector has an element. The element gets a column once a second vector has it. */
function addHolder(element: usize, vector: u32): void {
  const holder = load<u32>(element, HOLDER);
  if (holder === 0) {
    store<u32>(element, vector + 1, HOLDER);
    return;
  }
  let column = load<u32>(element, COLUMN);
  if (column === 0) {
    column = ++columnCount;
    store<u32>(element, column, COLUMN);
    setBit(holder - 1, column - 1);
  }
  setBit(vector, column - 1);
}

function setBit(vector: u32, column: u32): void {
  const byte = bits + <usize>vector * bitStride + (column >> 3);
  store<u8>(byte, load<u8>(byte) | ((<u8>1) << (<u8>(column & 7))));
}

function countFrequent(first: usize, vector: u32, times: u32): void {
  if (times === MOST_OCCURRENCES + 1) {
    store<u32>(first, frequentCount, FREQUENT);
    frequentCount++;
  }
  const count = frequent + <usize>load<u32>(first, FREQUENT) * 12;
  store<u32>(count, <u32>(first - entries));
  store<u32>(count, vector, 4);
  store<u32>(count, times - MOST_OCCURRENCES, 8);
}
