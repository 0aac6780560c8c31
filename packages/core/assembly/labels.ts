import { copyDigest, equalDigests, hashOf, setDigestLength } from './digests';
import { appendLabels, endBits, GROUP, isFull, layOutRows, putBits, UNIQUE } from './label-rows';
import { allocate, releaseAll, rowStride } from './memory';

/** The first label of blocks that several vectors have at one position. */
const SHARED: u16 = 2;
let vectors: u32 = 0;
/** Vectors, rounded up so that 16 at a time can be transposed; those that do not exist are all zeros. */
let padded: u32 = 0;
let digestLength: usize = 0;
/** Bytes of a digest with zeros after it. */
let paddedDigest: usize = 0;

// What stands in a slice: a row of bits for each vector, and the digests of its set bits one after the other.
let sliceWidth: u32 = 0;
let blocks: usize = 0;
let presence: usize = 0;
let presenceStride: usize = 0;
let digests: usize = 0;
let digestsEnd: usize = 0;
let nextDigest: usize = 0;

// The digests of a group of positions, position by position, and whose they are.
let gathered: usize = 0;
let gatheredStride: usize = 0;
let owners: usize = 0;
let counts: usize = 0;
let table: usize = 0;
let groupLabels: usize = 0;

let repeated: usize = 0;

/**
 * Lays out memory for vectors of digests of `length` bytes.
 *
 * @param width positions of a slice; a multiple of 16
 * @param labelBytes bytes of a label row; a multiple of 64
 */
export function configure(count: u32, length: u32, width: u32, labelBytes: u32): void {
  releaseAll();
  vectors = count;
  padded = (count + 15) & ~15;
  digestLength = length;
  paddedDigest = setDigestLength(length);
  sliceWidth = width;
  layOutSlice();
  layOutGroup();
  repeated = allocate(<usize>vectors * 4);
  memory.fill(repeated, 0, <usize>vectors * 4);
  layOutRows(padded, labelBytes);
}

function layOutSlice(): void {
  blocks = allocate(<usize>sliceWidth * 4);
  presenceStride = <usize>sliceWidth >> 3;
  presence = allocate(<usize>padded * presenceStride);
  nextDigest = allocate(<usize>vectors * sizeof<usize>());
  digests = allocate(<usize>vectors * sliceWidth * digestLength);
}

function layOutGroup(): void {
  gatheredStride = rowStride(<usize>vectors * paddedDigest);
  gathered = allocate(gatheredStride * GROUP);
  owners = allocate(<usize>vectors * GROUP * 4);
  counts = allocate(GROUP * 4);
  table = allocate(<usize>tableSize(vectors) * 4);
  groupLabels = allocate(<usize>padded * GROUP * 2);
}

/** Buckets for so many entries: a power of two, at most half full. */
function tableSize(entries: u32): u32 {
  return 2 << (32 - clz(entries | 1));
}

/** Where block numbers are to be put for {@link takeRows}: u32, room for one slice. */
export function blocksAt(): usize {
  return blocks;
}

/** Where the digests of the rows that were taken last are to be put. */
export function digestsAt(): usize {
  return digestsEnd;
}

/** For each vector, its blocks that another vector has at the same position, since the beginning: u32. */
export function repeatedAt(): usize {
  return repeated;
}

/** Begins a slice: no rows. */
export function startSlice(): void {
  memory.fill(presence, 0, <usize>padded * presenceStride);
  digestsEnd = digests;
}

/**
 * Takes a vector's rows in this slice from the `count` block numbers at {@link blocksAt}. Returns how many they are,
 * or, if they do not ascend strictly from `start` on, −1 − the first wrong row.
 *
 * @param start the slice's first block number
 * @param width its positions, at most as many as it has room for
 */
export function takeRows(vector: u32, count: u32, start: u32, width: u32): i32 {
  const row = presence + <usize>vector * presenceStride;
  store<usize>(nextDigest + <usize>vector * sizeof<usize>(), digestsEnd);
  const end = <u64>start + width;
  let lowest: u64 = start;
  let taken: u32 = 0;
  while (taken < count) {
    const block: u64 = load<u32>(blocks + <usize>taken * 4);
    if (block < lowest) return -1 - taken;
    if (block >= end) break;
    const position = <u32>(block - start);
    const byte = row + (position >> 3);
    store<u8>(byte, load<u8>(byte) | ((<u8>1) << (<u8>(position & 7))));
    lowest = block + 1;
    taken++;
  }
  return taken;
}

/** Says that the digests of the last `rows` taken have been put at {@link digestsAt}. */
export function endRows(rows: u32): void {
  digestsEnd += <usize>rows * digestLength;
}

/**
 * Labels the slice from `position`, a multiple of 16, on, until its end or until the rows are full. Returns the
 * position at which it stopped: the slice's width, or what to go on with in a new window.
 */
export function labelSlice(position: u32): u32 {
  while (position < sliceWidth) {
    if (isFull()) return position;
    if (gather(position)) labelGroup();
    position += GROUP;
  }
  return position;
}

/** Brings the digests of a group's positions together. Returns whether there are any. */
function gather(position: u32): bool {
  memory.fill(counts, 0, GROUP * 4);
  let any: u32 = 0;
  for (let vector: u32 = 0; vector < padded; vector++) {
    let present: u32 = load<u16>(presence + <usize>vector * presenceStride + (position >> 3));
    putBits(vector, <u16>present);
    if (present === 0) continue;
    any |= present;
    const cursor = nextDigest + <usize>vector * sizeof<usize>();
    let digest = load<usize>(cursor);
    do {
      const place = <usize>ctz(present);
      present &= present - 1;
      const index = load<u32>(counts + place * 4);
      store<u32>(counts + place * 4, index + 1);
      copyDigest(gathered + place * gatheredStride + <usize>index * paddedDigest, digest);
      store<u32>(owners + (place * vectors + index) * 4, vector);
      digest += digestLength;
    } while (present !== 0);
    store<usize>(cursor, digest);
  }
  if (any === 0) return false;
  endBits();
  return true;
}

function labelGroup(): void {
  memory.fill(groupLabels, 0, <usize>padded * GROUP * 2);
  let most: u32 = SHARED;
  for (let place: u32 = 0; place < GROUP; place++) most = max(most, labelPosition(place));
  if (most > SHARED) appendLabels(groupLabels, most);
}

/** Labels one position's digests: equal ones get equal labels from {@link SHARED} on. Returns the next free label. */
function labelPosition(place: u32): u32 {
  const count = load<u32>(counts + <usize>place * 4);
  if (count === 0) return SHARED;
  const size = tableSize(count);
  const shift = <u64>clz(<u64>size) + 1;
  memory.fill(table, 0, <usize>size * 4);
  const own = gathered + <usize>place * gatheredStride;
  const owner = owners + <usize>place * vectors * 4;
  const labels = groupLabels + <usize>place * padded * 2;
  let next: u32 = SHARED;
  for (let index: u32 = 0; index < count; index++) {
    const digest = own + <usize>index * paddedDigest;
    const label = labels + <usize>load<u32>(owner + <usize>index * 4) * 2;
    const known = find(digest, own, index, size - 1, shift);
    if (known === index) {
      store<u16>(label, UNIQUE);
      continue;
    }
    const knownOwner = load<u32>(owner + <usize>known * 4);
    const knownLabel = labels + <usize>knownOwner * 2;
    if (load<u16>(knownLabel) === UNIQUE) {
      store<u16>(knownLabel, <u16>next);
      next++;
      countRepeated(knownOwner);
    }
    store<u16>(label, load<u16>(knownLabel));
    countRepeated(load<u32>(owner + <usize>index * 4));
  }
  return next;
}

function countRepeated(vector: u32): void {
  const counter = repeated + <usize>vector * 4;
  store<u32>(counter, load<u32>(counter) + 1);
}

/** The index of the first digest of this position that equals the one at `index`, which is entered if it is the first. */
function find(digest: usize, own: usize, index: u32, mask: u32, shift: u64): u32 {
  let bucket = table + ((<usize>(hashOf(digest) >> shift)) << 2);
  let entry = load<u32>(bucket);
  while (entry !== 0) {
    const known = entry - 1;
    if (equalDigests(digest, own + <usize>known * paddedDigest)) return known;
    bucket = table + ((bucket - table + 4) & ((<usize>mask) << 2));
    entry = load<u32>(bucket);
  }
  store<u32>(bucket, index + 1);
  return index;
}
