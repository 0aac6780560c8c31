import { copyDigest, equalsPadded, hashOf, setDigestLength } from './digests';
import { UNIQUE } from './label-rows';
import { allocate, rowStride } from './memory';

/** The number of a position's first entry: 0 is for zero blocks, and 1 is {@link UNIQUE}. */
export const FIRST_ENTRY: u32 = 2;
/** The first label of blocks that several vectors have at one position. */
const SHARED: u32 = 2;

// A bucket holds an entry's number and some bits of its hash; an empty bucket is 0.
const NUMBER: u32 = 0xffff;
const TAG_SHIFT: u32 = 16;
const TAG_BITS: u64 = 16;
const FEWEST_BUCKETS: u32 = 64;
/** Up to this many vectors, the digests at consecutive positions are packed without padding between the positions. */
const FEW_VECTORS: u32 = 4;

let vectors: u32 = 0;
let positions: u32 = 0;

// The distinct digests of each position, in order of first occurrence, each with the first vector that had it (u16)
// and its label (u16).
let entries: usize = 0;
let entryStride: usize = 0;
let positionStride: usize = 0;
let paddedDigest: usize = 0;
/** For each position: the number of entries, and of labels in use; u32 each. */
let counts: usize = 0;

/** A hash table of the entries of each position. */
let tables: usize = 0;
let buckets: u32 = 0;
let mostBuckets: u32 = 0;
let shift: u64 = 0;

/** Whether there is a probe side. If there is, only blocks that a vector of the probe side also has get labels. */
let hasProbeSide: bool = false;

/** For each vector, the number of its blocks that another vector has at the same position: u32. */
let repeated: usize = 0;

/** For each vector, the number of its entry at each position: u16, 0 for zero blocks. */
let numbers: usize = 0;
let numberStride: usize = 0;

/**
 * Lays out memory for `width` positions: for the distinct digests, of `length` bytes each, of the first `build`
 * vectors, and for the numbers of the digests that each of all `count` vectors has.
 */
export function layOutEntries(build: u32, count: u32, length: u32, width: u32): void {
  vectors = count;
  hasProbeSide = count > build;
  positions = width;
  paddedDigest = setDigestLength(length);
  entryStride = paddedDigest + 4;
  positionStride = build <= FEW_VECTORS ? build * entryStride : rowStride(<usize>build * entryStride);
  entries = allocate(positions * positionStride);
  counts = allocate(<usize>positions * 8);
  mostBuckets = 2 << (32 - clz(build | 1));
  tables = allocate(<usize>positions * mostBuckets * 4);
  setBuckets(min(FEWEST_BUCKETS, mostBuckets));
  numberStride = rowStride(<usize>positions * 2);
  numbers = allocate(<usize>vectors * numberStride);
  memory.fill(numbers, 0, <usize>vectors * numberStride);
  repeated = allocate(<usize>vectors * 4);
  memory.fill(repeated, 0, <usize>vectors * 4);
}

/**
 * Returns the address of each vector's number of blocks in all slices so far that another vector has at the same
 * position: u32. The numbers are meaningless if there is a probe side.
 */
export function repeatedAt(): usize {
  return repeated;
}

/** Removes the entries of all positions. */
export function clearEntries(): void {
  memory.fill(counts, 0, <usize>positions * 8);
  memory.fill(tables, 0, <usize>positions * buckets * 4);
}

/** Returns the number of distinct digests of a position. */
export function entriesAt(position: u32): u32 {
  return load<u32>(counts + <usize>position * 8);
}

/** Returns the number after the last label in use at a position; labels begin at {@link SHARED}. */
export function labelsEndAt(position: u32): u32 {
  return load<u32>(counts + <usize>position * 8, 4) + SHARED;
}

/** Returns the label of an entry of a position: from {@link SHARED} on if it is shared, otherwise {@link UNIQUE}. */
export function labelOf(position: u32, number: u32): u16 {
  return load<u16>(entryOf(position, number) + paddedDigest, 2);
}

/**
 * Returns the address of the numbers of a vector's entries, by position. The caller zeroes them for the next slice.
 */
export function numbersOf(vector: u32): usize {
  return numbers + <usize>vector * numberStride;
}

/**
 * Enters the `rows` digests of a vector of the build side.
 *
 * Before the table is searched, each digest is compared with that of the vector that first had the previous digest,
 * because images that descend from each other are equal over many blocks.
 */
export function enterRows(vector: u32, rows: u32, blocks: usize, start: u32, digests: usize, length: u32): void {
  const own = numbersOf(vector);
  let ancestor = own;
  let shared: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const position = load<u32>(blocks + <usize>row * 4) - start;
    const digest = digests + <usize>row * length;
    let number = <u32>load<u16>(ancestor + <usize>position * 2);
    let entry = entryOf(position, number);
    if (number === 0 || !equalsPadded(digest, entry)) {
      number = findOrAdd(position, digest, vector);
      entry = entryOf(position, number);
      ancestor = numbersOf(load<u16>(entry + paddedDigest));
    }
    store<u16>(own + <usize>position * 2, <u16>number);
    if (ancestor === own || hasProbeSide) {
      continue;
    }
    shared++;
    shareIfUnique(position, entry);
  }
  countRepeated(vector, shared);
}

/**
 * Looks up the `rows` digests of a vector of the probe side. At each of its positions, the vector's number becomes that
 * of the digest's entry; {@link UNIQUE} if the build side has data there, but not this digest; and 0 if the build side
 * has no data there.
 */
export function probeRows(vector: u32, rows: u32, blocks: usize, start: u32, digests: usize, length: u32): void {
  const own = numbersOf(vector);
  let ancestor = numbersOf(0);
  for (let row: u32 = 0; row < rows; row++) {
    const position = load<u32>(blocks + <usize>row * 4) - start;
    const digest = digests + <usize>row * length;
    let number = <u32>load<u16>(ancestor + <usize>position * 2);
    if (number === 0 || !equalsPadded(digest, entryOf(position, number))) {
      const others = entriesAt(position) - <u32>(number !== 0);
      if (number === 0 && others === 0) {
        continue;
      }
      number = others === 0 ? 0 : load<u32>(bucketOf(position, digest, hashOf(digest))) & NUMBER;
      if (number === 0) {
        store<u16>(own + <usize>position * 2, UNIQUE);
        continue;
      }
      ancestor = numbersOf(load<u16>(entryOf(position, number) + paddedDigest));
    }
    store<u16>(own + <usize>position * 2, <u16>number);
    shareIfUnique(position, entryOf(position, number));
  }
}

/** Returns the number of a digest's entry. Adds the entry if there is none. */
function findOrAdd(position: u32, digest: usize, vector: u32): u32 {
  const hash = hashOf(digest);
  const bucket = bucketOf(position, digest, hash);
  const found = load<u32>(bucket);
  if (found !== 0) {
    return found & NUMBER;
  }
  const number = addEntry(position, vector, digest);
  store<u32>(bucket, number | tagOf(hash));
  if (isCrowded(number)) {
    addBuckets();
  }
  return number;
}

/** Returns the address of the bucket of a digest's entry, or of the empty bucket for a new entry. */
function bucketOf(position: u32, digest: usize, hash: u64): usize {
  const tag = tagOf(hash);
  const table = tables + <usize>position * buckets * 4;
  let offset = (<u32>(hash >> shift)) << 2;
  let found = load<u32>(table + offset);
  while (found !== 0) {
    const number = found & NUMBER;
    if ((found ^ number) === tag && equalsPadded(digest, entryOf(position, number))) {
      break;
    }
    offset = (offset + 4) & (buckets * 4 - 1);
    found = load<u32>(table + offset);
  }
  return table + offset;
}

/** Adds an entry. Returns its number. */
function addEntry(position: u32, vector: u32, digest: usize): u32 {
  const count = counts + <usize>position * 8;
  const number = load<u32>(count) + FIRST_ENTRY;
  store<u32>(count, number - FIRST_ENTRY + 1);
  const entry = entryOf(position, number);
  copyDigest(entry, digest);
  store<u32>(entry + paddedDigest, vector | ((<u32>UNIQUE) << 16));
  return number;
}

/** Assigns a label to an entry that a second vector has, unless the entry already has a label. */
function shareIfUnique(position: u32, entry: usize): void {
  if (load<u16>(entry + paddedDigest, 2) !== UNIQUE) {
    return;
  }
  const count = counts + <usize>position * 8;
  const labels = load<u32>(count, 4);
  store<u32>(count, labels + 1, 4);
  store<u16>(entry + paddedDigest, <u16>(labels + SHARED), 2);
  countRepeated(load<u16>(entry + paddedDigest), 1);
}

function entryOf(position: u32, number: u32): usize {
  return entries + <usize>position * positionStride + (<usize>number - FIRST_ENTRY) * entryStride;
}

function tagOf(hash: u64): u32 {
  return (<u32>(hash >> (shift - TAG_BITS))) << TAG_SHIFT;
}

function countRepeated(vector: u32, blocks: u32): void {
  const counter = repeated + <usize>vector * 4;
  store<u32>(counter, load<u32>(counter) + blocks);
}

/** Returns whether the tables must grow after an entry with this number, because half of the buckets are in use. */
function isCrowded(number: u32): bool {
  return number - FIRST_ENTRY >= buckets >> 1 && buckets < mostBuckets;
}

function setBuckets(count: u32): void {
  buckets = count;
  shift = <u64>clz(<u64>buckets) + 1;
}

/** Doubles the tables permanently: if they are crowded in one slice, they probably are in the next ones too. */
function addBuckets(): void {
  setBuckets(buckets * 2);
  memory.fill(tables, 0, <usize>positions * buckets * 4);
  for (let position: u32 = 0; position < positions; position++) {
    const table = tables + <usize>position * buckets * 4;
    const end = entriesAt(position) + FIRST_ENTRY;
    for (let number = FIRST_ENTRY; number < end; number++) {
      const hash = hashOf(entryOf(position, number));
      let offset = (<u32>(hash >> shift)) << 2;
      while (load<u32>(table + offset) !== 0) {
        offset = (offset + 4) & (buckets * 4 - 1);
      }
      store<u32>(table + offset, number | tagOf(hash));
    }
  }
}
