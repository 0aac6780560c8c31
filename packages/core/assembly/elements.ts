import { copyDigest, equalsPadded, mixedHashOf, setDigestLength } from './digests';
import { allocate, releaseAll, rowStride } from './memory';
import { placeRows } from './pairs';

/** Occurrences of a digest in one vector that are elements of their own; more are counted. */
const MOST_OCCURRENCES: u32 = 8;

// An entry: a padded digest, and after it these, 4 bytes each.
/** How many-th occurrence of the digest the element is. */
const OCCURRENCE: usize = 0;
/** The first vector that has the element, plus 1; 0 for none. */
const HOLDER: usize = 4;
/** The element's column of bits, plus 1; 0 while only one vector has it. */
const COLUMN: usize = 8;
/** Of a first occurrence: the vector that had the digest last, plus 1, and how often so far. */
const LAST_VECTOR: usize = 12;
const TIMES: usize = 16;
/** Of a first occurrence: where the count of the vector that had it last stands among the frequent ones. */
const FREQUENT: usize = 20;
const FIELDS: usize = 24;

let digestLength: usize = 0;
let paddedDigest: usize = 0;
let input: usize = 0;
/** Of the digests at a time, those of the partition: their hashes, u64, and where they stand, u32. */
let picked: usize = 0;
const PICKED: usize = 16;
/** Keeps the compiler, as it can be seen from outside, from leaving out what is loaded for the processor's cache only. */
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
let mostColumns: u32 = 0;
let columnCount: u32 = 0;

/** Counts of digests that are more frequent in a vector than elements go: entry, vector, times; u32 each. */
let frequent: usize = 0;
let mostFrequent: u32 = 0;
let frequentCount: u32 = 0;

/**
 * Lays out memory for elements of vectors: the k-th occurrence of a digest within a vector is one. Only elements of the
 * build side are kept.
 *
 * @param build vectors of the build side
 * @param probe vectors of the probe side, whose slots begin at the next multiple of 4
 * @param length bytes of a digest
 * @param rowsAtOnce digests that are taken at a time
 * @param capacity elements; a power of two
 * @param columns elements that several vectors have; a multiple of 128
 * @param frequentOnes pairs of a digest and a vector that has it more often than elements go
 */
export function configureElements(
  build: u32,
  probe: u32,
  length: u32,
  rowsAtOnce: u32,
  capacity: u32,
  columns: u32,
  frequentOnes: u32,
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
  bitStride = rowStride(<usize>columns >> 3);
  bits = allocate(<usize>rows * bitStride);
  mostFrequent = frequentOnes;
  frequent = allocate(<usize>mostFrequent * 12);
  placeRows(bits, bits, bitStride, bits, bitStride);
}

/** Where digests are to be put for {@link takeDigests}. */
export function inputAt(): usize {
  return input;
}

/** Forgets all elements. */
export function startPartition(): void {
  memory.fill(table, 0, <usize>tableSize * 4);
  memory.fill(bits, 0, <usize>rows * bitStride);
  entryCount = 0;
  columnCount = 0;
  frequentCount = 0;
}

/**
 * Takes those of a vector's next `count` digests that belong to a partition: the one of `value` among those told apart
 * by the bits of `mask`. Returns whether there was room; if not, the partition has to be taken in smaller ones.
 */
export function takeDigests(vector: u32, count: u32, mask: u32, value: u32): bool {
  const end = picked + <usize>pick(count, mask, value) * PICKED;
  fetch(end);
  for (let at = picked; at < end; at += PICKED) {
    // The longest that one digest can take.
    if (entryCount + 2 > mostEntries || columnCount === mostColumns || frequentCount === mostFrequent) {
      return false;
    }
    takeDigest(vector, <usize>load<u32>(at, 8), load<u64>(at));
  }
  return true;
}

/** Picks the digests of a partition; without a branch, which the processor could not predict. Returns how many. */
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
 * Loads what digests that were picked will most likely be compared with. Nothing waits for these loads, so that the
 * processor has many under way at once.
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

/** Where {@link frequentOnes} stand. */
export function frequentAt(): usize {
  return frequent;
}

export function frequentOnes(): u32 {
  return frequentCount;
}

/** Bytes of each bit row. */
export function elementRowEnd(): usize {
  return ((<usize>columnCount + 127) & ~127) >> 3;
}

function takeDigest(vector: u32, digest: usize, hash: u64): void {
  const first = elementFor(vector, 1, digest, hash);
  if (first === 0) {
    return;
  }
  const isAgain = load<u32>(first, LAST_VECTOR) === vector + 1;
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

/** The fields of the entry of a vector's element. Where there is none, it is made for the build side, and 0 for the other. */
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
  return vector < buildVectors ? addElement(bucket, occurrence, digest) : 0;
}

/** The fields of a new entry. */
function addElement(bucket: u32, occurrence: u32, digest: usize): usize {
  const made = entries + <usize>entryCount * entryStride;
  entryCount++;
  store<u32>(table + <usize>bucket * 4, entryCount);
  copyDigest(made, digest);
  memory.fill(made + paddedDigest, 0, FIELDS);
  store<u32>(made + paddedDigest, occurrence, OCCURRENCE);
  return made + paddedDigest;
}

/** Where the search for an element begins. */
function bucketOf(occurrence: u32, hash: u64): u32 {
  return <u32>((hash * (2 * <u64>occurrence - 1)) >> shift);
}

/** Elements that one vector alone has take no column. */
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
