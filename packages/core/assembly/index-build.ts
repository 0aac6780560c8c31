/**
 * Builds the windows of a vector index; see index-window.ts. The entry point of a separate WebAssembly module.
 */
import { copyDigest, equalsPadded, setDigestLength } from './digests';
import {
  bytes,
  collisionsAt,
  endsAt,
  groupsAt,
  MOST_PAGES,
  PAGE_BLOCKS,
  PAGE_BYTES,
  PAGE_SHIFT,
  pagesAt,
  prefixOf,
  referencesAt,
  seal,
  writeHeader,
} from './index-window';
import { allocate, releaseAll } from './memory';

/** The most page numbers in a window. */
export const WINDOW_PAGES: u32 = 4096;
const WINDOW_BLOCKS: u32 = WINDOW_PAGES * PAGE_BLOCKS;
/** The most references in a window: they fit in the second-level cache, and every vector can refer to several pages. */
const MOST_REFERENCES: u32 = 1 << 20;
const BUCKETS: u32 = 131_072;

let vectors: u32 = 0;
let length: usize = 0;
let padded: usize = 0;

// The rows of one vector in a window.
let blocks: usize = 0;
let input: usize = 0;

// The distinct pages, in order of first occurrence, numbered from 1. An entry consists of the page's prefixes, its
// padded digests, and three u32: its place in the window, which is its page number minus that of the first page of the
// window; the number of the next entry at the same place, or 0; and the number that it gets in the finished window,
// from 0.
let entries: usize = 0;
let entryBytes: usize = 0;
let linksAt: usize = 0;
let mostEntries: u32 = 0;
let entryCount: u32 = 0;
/** A hash table of the entries' numbers: u32, 0 for an empty bucket. */
let table: usize = 0;
/** For each place of the window, the number of an entry from which the others there can be reached: u32, 0 for none. */
let heads: usize = 0;

let references: usize = 0;
let mostReferences: u32 = 0;
let referenceCount: u32 = 0;
let ends: usize = 0;
let vectorCount: u32 = 0;

/** For each place: a bit mask of the positions at which two different digests have the same prefix; u16. */
let collided: usize = 0;
/** A hash table of the digests at one position: the numbers of their entries, u32. */
let prefixTable: usize = 0;

let output: usize = 0;

/**
 * Lays out memory for windows of `count` vectors, at most 32,768, with a total of `rows` digests of `digestLength`
 * bytes.
 */
export function configure(count: u32, rows: f64, digestLength: u32): void {
  releaseAll();
  vectors = count;
  length = digestLength;
  padded = setDigestLength(digestLength);
  linksAt = PAGE_BYTES + PAGE_BLOCKS * padded;
  entryBytes = linksAt + 16;
  mostEntries = <u32>min(<f64>MOST_PAGES, rows);
  mostReferences = <u32>min(<f64>MOST_REFERENCES, rows);
  blocks = allocate(<usize>WINDOW_BLOCKS * 4);
  input = allocate(<usize>WINDOW_BLOCKS * length);
  table = allocate(<usize>BUCKETS * 4);
  heads = allocate(<usize>WINDOW_PAGES * 4);
  collided = allocate(<usize>WINDOW_PAGES * 2);
  prefixTable = allocate(<usize>BUCKETS * 4);
  ends = allocate(<usize>count * 4);
  references = allocate(<usize>mostReferences * 2);
  entries = allocate(<usize>(mostEntries + 2) * entryBytes);
  output = allocate(mostBytes());
}

function mostBytes(): usize {
  const collisions = <usize>min(mostEntries, WINDOW_PAGES) * PAGE_BLOCKS;
  return (
    64 +
    <usize>WINDOW_PAGES * 8 +
    <usize>vectors * 4 +
    collisions * 4 +
    <usize>mostReferences * 2 +
    <usize>mostEntries * PAGE_BYTES
  );
}

/** Returns the address of the block numbers for {@link addRows}: u32, room for 65,536. */
export function blocksAt(): usize {
  return blocks;
}

/** Returns the address of the digests for {@link addRows}: room for 65,536. */
export function inputAt(): usize {
  return input;
}

/** Starts a window without vectors. */
export function startWindow(): void {
  entryCount = 0;
  referenceCount = 0;
  vectorCount = 0;
  memory.fill(table, 0, <usize>BUCKETS * 4);
  memory.fill(heads, 0, <usize>WINDOW_PAGES * 4);
  memory.fill(collided, 0, <usize>WINDOW_PAGES * 2);
}

/**
 * Adds the next vector: `rows` rows, whose ascending block numbers at {@link blocksAt} are from page `first` on.
 * Returns false if there is no room for the vector's pages. The window must then be started again with fewer page
 * numbers.
 */
export function addRows(rows: u32, first: u32): bool {
  for (let row: u32 = 0; row < rows; ) {
    if (entryCount === MOST_PAGES || referenceCount === MOST_REFERENCES) {
      return false;
    }
    const place = (load<u32>(blocks + <usize>row * 4) >> PAGE_SHIFT) - first;
    const entry = entryOf(entryCount + 1);
    memory.fill(entry, 0, entryBytes);
    for (; row < rows; row++) {
      const block = load<u32>(blocks + <usize>row * 4);
      if ((block >> PAGE_SHIFT) - first !== place) {
        break;
      }
      const lane = <usize>(block & (PAGE_BLOCKS - 1));
      const copy = entry + PAGE_BYTES + lane * padded;
      copyDigest(copy, input + <usize>row * length);
      store<u32>(entry + lane * 4, prefixOf(copy));
    }
    store<u32>(entry + linksAt, place);
    store<u16>(references + <usize>referenceCount * 2, <u16>findOrAdd(entry, place));
    referenceCount++;
  }
  store<u32>(ends + <usize>vectorCount * 4, referenceCount);
  vectorCount++;
  return true;
}

/** Returns the number of distinct pages in the window. */
export function pagesInWindow(): u32 {
  return entryCount;
}

/**
 * Returns the number of the entry at this place with the prefixes of the candidate. If there is none, the candidate
 * becomes an entry. If there is one, marks the positions at which it and the candidate have different digests.
 */
function findOrAdd(candidate: usize, place: u32): u32 {
  let bucket = bucketOf(candidate, place);
  let found = load<u32>(table + bucket);
  while (found !== 0) {
    const entry = entryOf(found);
    if (load<u32>(entry + linksAt) === place && hasSamePrefixes(entry, candidate)) {
      if (!hasSameDigests(entry, candidate)) {
        markDifferences(entry, candidate, place);
      }
      return found;
    }
    bucket = (bucket + 4) & (BUCKETS * 4 - 1);
    found = load<u32>(table + bucket);
  }
  entryCount++;
  store<u32>(table + bucket, entryCount);
  const head = heads + <usize>place * 4;
  store<u32>(candidate + linksAt, load<u32>(head), 4);
  store<u32>(head, entryCount);
  return entryCount;
}

function bucketOf(page: usize, place: u32): u32 {
  const mixed = i32x4.add(
    i32x4.add(
      i32x4.mul(v128.load(page), i32x4.splat(0x3d4d51cb)),
      i32x4.mul(v128.load(page, 16), i32x4.splat(0x7feb352d)),
    ),
    i32x4.add(
      i32x4.mul(v128.load(page, 32), i32x4.splat(0x5bd1e995)),
      i32x4.mul(v128.load(page, 48), i32x4.splat(0x27d4eb2f)),
    ),
  );
  const hash =
    <u32>i32x4.extract_lane(mixed, 0) * 0x85ebca6b +
    <u32>i32x4.extract_lane(mixed, 1) * 0xc2b2ae35 +
    <u32>i32x4.extract_lane(mixed, 2) * 0x165667b1 +
    <u32>i32x4.extract_lane(mixed, 3) * 0x9e3779b1 +
    place * 0x2545f491;
  return ((hash ^ (hash >> 15)) & (BUCKETS - 1)) << 2;
}

function hasSamePrefixes(page: usize, other: usize): bool {
  const first = v128.or(
    v128.xor(v128.load(page), v128.load(other)),
    v128.xor(v128.load(page, 16), v128.load(other, 16)),
  );
  const second = v128.or(
    v128.xor(v128.load(page, 32), v128.load(other, 32)),
    v128.xor(v128.load(page, 48), v128.load(other, 48)),
  );
  return !v128.any_true(v128.or(first, second));
}

function hasSameDigests(page: usize, other: usize): bool {
  let different = i64x2.splat(0);
  for (let at: usize = PAGE_BYTES; at < linksAt; at += 16) {
    different = v128.or(different, v128.xor(v128.load(page + at), v128.load(other + at)));
  }
  return !v128.any_true(different);
}

function markDifferences(page: usize, other: usize, place: u32): void {
  for (let lane: u32 = 0; lane < PAGE_BLOCKS; lane++) {
    if (!equalsPadded(digestOf(page, lane), digestOf(other, lane))) {
      markCollision(place, lane);
    }
  }
}

function markCollision(place: u32, lane: u32): void {
  const mask = collided + <usize>place * 2;
  store<u16>(mask, load<u16>(mask) | ((<u16>1) << (<u16>lane)));
}

/**
 * Writes the window, for pages from `first` on, to {@link windowAt}. All vectors must have been added. Returns the size
 * of the window in bytes.
 */
export function finishWindow(first: u32): u32 {
  let groupCount: u32 = 0;
  let collisionCount: u32 = 0;
  for (let place: u32 = 0; place < WINDOW_PAGES; place++) {
    if (load<u32>(heads + <usize>place * 4) !== 0) {
      groupCount++;
      findCollisions(place);
      collisionCount += popcnt<u32>(load<u16>(collided + <usize>place * 2));
    }
  }
  writeHeader(output, groupCount, entryCount, referenceCount, collisionCount, vectors);
  memory.copy(endsAt, ends, <usize>vectors * 4);
  writePages(first);
  writeReferences();
  seal(output);
  return <u32>bytes;
}

/** Returns the address of the finished window. */
export function windowAt(): usize {
  return output;
}

function writePages(first: u32): void {
  let number: u32 = 0;
  let group = groupsAt;
  let collision = collisionsAt;
  for (let place: u32 = 0; place < WINDOW_PAGES; place++) {
    let each = load<u32>(heads + <usize>place * 4);
    if (each === 0) {
      continue;
    }
    for (; each !== 0; each = load<u32>(entryOf(each) + linksAt, 4)) {
      memory.copy(pagesAt + <usize>number * PAGE_BYTES, entryOf(each), PAGE_BYTES);
      store<u32>(entryOf(each) + linksAt, number, 8);
      number++;
    }
    store<u32>(group, first + place);
    store<u32>(group, number, 4);
    group += 8;
    for (let bits: u32 = load<u16>(collided + <usize>place * 2); bits !== 0; bits &= bits - 1) {
      store<u32>(collision, ((first + place) << PAGE_SHIFT) + ctz(bits));
      collision += 4;
    }
  }
}

function writeReferences(): void {
  for (let reference: usize = 0; reference < <usize>referenceCount; reference++) {
    const entry = entryOf(load<u16>(references + (reference << 1)));
    store<u16>(referencesAt + (reference << 1), <u16>load<u32>(entry + linksAt, 8));
  }
  // The checksum includes the padding.
  const end = referencesAt + ((<usize>referenceCount) << 1);
  memory.fill(end, 0, pagesAt - end);
}

/** Marks the positions of a place at which two entries have different digests with the same prefix. */
function findCollisions(place: u32): void {
  const head = load<u32>(heads + <usize>place * 4);
  let count: u32 = 0;
  for (let each = head; each !== 0; each = load<u32>(entryOf(each) + linksAt, 4)) {
    count++;
  }
  if (count === 1) {
    return;
  }
  const buckets = (<u32>1) << (33 - clz<u32>(count));
  for (let lane: u32 = 0; lane < PAGE_BLOCKS; lane++) {
    memory.fill(prefixTable, 0, <usize>buckets * 4);
    for (let each = head; each !== 0; each = load<u32>(entryOf(each) + linksAt, 4)) {
      if (collides(each, lane, buckets)) {
        markCollision(place, lane);
        break;
      }
    }
  }
}

/**
 * Enters the digest that an entry has at a position. Returns whether a different digest that was entered before has the
 * same prefix.
 */
function collides(number: u32, lane: u32, buckets: u32): bool {
  const entry = entryOf(number);
  const prefix = load<u32>(entry + <usize>lane * 4);
  if (prefix === 0) {
    return false;
  }
  let bucket = ((prefix * 0x9e3779b1) >> clz<u32>(buckets - 1)) << 2;
  let found = load<u32>(prefixTable + bucket);
  while (found !== 0) {
    const other = entryOf(found);
    if (load<u32>(other + <usize>lane * 4) === prefix) {
      return !equalsPadded(digestOf(entry, lane), digestOf(other, lane));
    }
    bucket = (bucket + 4) & (buckets * 4 - 1);
    found = load<u32>(prefixTable + bucket);
  }
  store<u32>(prefixTable + bucket, number);
  return false;
}

function entryOf(number: u32): usize {
  return entries + <usize>number * entryBytes;
}

function digestOf(entry: usize, lane: u32): usize {
  return entry + PAGE_BYTES + <usize>lane * padded;
}
