/**
 * Compares a vector with the windows of a vector index; see index-window.ts. The entry point of a separate WebAssembly
 * module.
 */
import { copyDigest, equalsPadded, setDigestLength } from './digests';
import {
  collisions,
  collisionsAt,
  endsAt,
  groups,
  groupsAt,
  isSound,
  MOST_PAGES,
  maskOf,
  PAGE_BLOCKS,
  PAGE_BYTES,
  PAGE_SHIFT,
  pagesAt,
  prefixOf,
  presentIn,
  referencesAt,
} from './index-window';
import { allocate, releaseAll } from './memory';

let length: usize = 0;
let padded: usize = 0;

// The vector that is compared with those of the index (“ours”): its padded digests, and its pages. A page has six u32:
// its number, the index of its first digest, and four bit masks of its blocks: those that are not zero, those that are
// not settled, those that must be checked in every vector, and those that have the prefix of a block in the window. A
// block is settled once an equal prefix proves an equal block.
let digests: usize = 0;
let digestCount: u32 = 0;
let pages: usize = 0;
const PAGE: usize = 24;
let prefixes: usize = 0;
let pageCount: u32 = 0;

let blocks: usize = 0;
let input: usize = 0;
/**
 * The index of our first page that can be in the current window, and that of our last page there or of the next one.
 */
let firstPage: u32 = 0;
let nextPage: u32 = 0;

// For each page of a window, `matches` has bit masks of the blocks that have the same prefixes as ours and of the
// blocks that are not zero (u16 each), and the index of our page with the same page number (u32). `tallies` has the
// numbers of equal, common and non-zero blocks, 21 bits each.
let matches: usize = 0;
let tallies: usize = 0;
const FIELD: u64 = 21;
const FIELD_MASK: u64 = (1 << FIELD) - 1;

// For each vector of a segment: its equal blocks and its common blocks so far, its first row in the current window and
// its first row in the next one, and its equal blocks in the current window; u32 each.
let sums: usize = 0;
const SUM: usize = 20;
let vectors: u32 = 0;

let window: usize = 0;

/**
 * Lays out memory for our vector, with `rows` digests of `digestLength` bytes in at most `mostPages` pages, and for
 * segments of at most `mostVectors` vectors with windows of at most `mostBytes` bytes.
 *
 * @param rowsAtOnce the most rows for {@link takeRows} and {@link checkVector}
 */
export function configure(
  rows: u32,
  mostPages: u32,
  digestLength: u32,
  rowsAtOnce: u32,
  mostVectors: u32,
  mostBytes: u32,
): void {
  releaseAll();
  length = digestLength;
  padded = setDigestLength(digestLength);
  digestCount = 0;
  pageCount = 0;
  digests = allocate(<usize>rows * padded);
  pages = allocate(<usize>mostPages * PAGE);
  prefixes = allocate(<usize>mostPages * PAGE_BYTES);
  blocks = allocate(<usize>rowsAtOnce * 4);
  input = allocate(<usize>rowsAtOnce * length);
  matches = allocate(<usize>MOST_PAGES * 8);
  tallies = allocate(<usize>MOST_PAGES * 8);
  sums = allocate(<usize>mostVectors * SUM);
  window = allocate(mostBytes);
}

/** Returns the address of block numbers for {@link takeRows}: u32. */
export function blocksAt(): usize {
  return blocks;
}

/** Returns the address of digests for {@link takeRows} and {@link checkVector}. */
export function inputAt(): usize {
  return input;
}

/** Takes the next rows of our vector, in ascending order of block numbers. */
export function takeRows(rows: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    const block = load<u32>(blocks + <usize>row * 4);
    const number = block >> PAGE_SHIFT;
    if (pageCount === 0 || load<u32>(pageOf(pageCount - 1)) !== number) {
      store<u32>(pageOf(pageCount), number);
      store<u32>(pageOf(pageCount), digestCount, 4);
      store<u32>(pageOf(pageCount), 0, 8);
      memory.fill(prefixes + <usize>pageCount * PAGE_BYTES, 0, PAGE_BYTES);
      pageCount++;
    }
    const digest = digests + <usize>digestCount * padded;
    copyDigest(digest, input + <usize>row * length);
    digestCount++;
    const lane = block & (PAGE_BLOCKS - 1);
    const page = pageOf(pageCount - 1);
    store<u32>(page, load<u32>(page, 8) | (1 << lane), 8);
    store<u32>(prefixes + <usize>(pageCount - 1) * PAGE_BYTES + <usize>lane * 4, prefixOf(digest));
  }
}

/** Starts a segment of `count` vectors. */
export function startSegment(count: u32): void {
  vectors = count;
  memory.fill(sums, 0, <usize>count * SUM);
  nextPage = 0;
  for (let page: u32 = 0; page < pageCount; page++) {
    store<u32>(pageOf(page), load<u32>(pageOf(page), 8), 12);
    store<u64>(pageOf(page), 0, 16);
  }
}

/** Returns the address to which the caller copies a window of the segment. */
export function windowAt(): usize {
  return window;
}

/**
 * Returns the address of the sums of each vector, five u32: its equal blocks, which were compared by their prefixes
 * until {@link checkVector} checks them; its common blocks; its first row in the current window; its first row in the
 * next window; and its equal blocks in the current window, by their prefixes.
 */
export function sumsAt(): usize {
  return sums;
}

/** Counts the blocks of the segment's next window, of `size` bytes. Returns false if the window is damaged. */
export function countWindow(size: u32): bool {
  if (!isSound(window, size, vectors)) {
    return false;
  }
  matchPages();
  markCollisions();
  let reference: usize = 0;
  for (let vector: usize = 0; vector < <usize>vectors; vector++) {
    const end = <usize>load<u32>(endsAt + vector * 4);
    let sum: u64 = 0;
    for (; reference < end; reference++) {
      sum += load<u64>(tallies + ((<usize>load<u16>(referencesAt + (reference << 1))) << 3));
    }
    const address = sums + vector * SUM;
    const equal = <u32>(sum & FIELD_MASK);
    store<u32>(address, load<u32>(address) + equal);
    store<u32>(address, load<u32>(address, 4) + <u32>((sum >> FIELD) & FIELD_MASK), 4);
    store<u32>(address, load<u32>(address, 12), 8);
    store<u32>(address, load<u32>(address, 12) + <u32>(sum >> (2 * FIELD)), 12);
    store<u32>(address, equal, 16);
  }
  return true;
}

function matchPages(): void {
  let each: u32 = 0;
  firstPage = nextPage;
  if (firstPage < pageCount) {
    // The page may have matches in the previous window.
    store<u32>(pageOf(firstPage), 0, 20);
  }
  for (let group: usize = 0; group < <usize>groups; group++) {
    const number = load<u32>(groupsAt + (group << 3));
    const end = load<u32>(groupsAt + (group << 3), 4);
    while (nextPage < pageCount && load<u32>(pageOf(nextPage)) < number) {
      nextPage++;
    }
    if (nextPage < pageCount && load<u32>(pageOf(nextPage)) === number) {
      matchGroup(each, end);
    } else {
      skipGroup(each, end);
    }
    each = end;
  }
}

function matchGroup(first: u32, end: u32): void {
  const own = prefixes + <usize>nextPage * PAGE_BYTES;
  const present = load<u32>(pageOf(nextPage), 8);
  const a = v128.load(own);
  const b = v128.load(own, 16);
  const c = v128.load(own, 32);
  const d = v128.load(own, 48);
  let matched: u32 = 0;
  for (let each = first; each < end; each++) {
    const page = pagesAt + <usize>each * PAGE_BYTES;
    const there = presentIn(page);
    // Zero blocks on both sides have equal prefixes too.
    const equal =
      present &
      there &
      maskOf(
        i32x4.eq(v128.load(page), a),
        i32x4.eq(v128.load(page, 16), b),
        i32x4.eq(v128.load(page, 32), c),
        i32x4.eq(v128.load(page, 48), d),
      );
    matched |= equal;
    const match = matches + ((<usize>each) << 3);
    store<u32>(match, equal | (there << 16));
    store<u32>(match, nextPage, 4);
    store<u64>(
      tallies + ((<usize>each) << 3),
      <u64>popcnt(equal) | ((<u64>popcnt(present & there)) << FIELD) | ((<u64>popcnt(there)) << (2 * FIELD)),
    );
  }
  store<u32>(pageOf(nextPage), matched, 20);
}

function skipGroup(first: u32, end: u32): void {
  for (let each = first; each < end; each++) {
    const there = presentIn(pagesAt + <usize>each * PAGE_BYTES);
    store<u32>(matches + ((<usize>each) << 3), there << 16);
    store<u64>(tallies + ((<usize>each) << 3), (<u64>popcnt(there)) << (2 * FIELD));
  }
}

/** Marks the blocks of our pages whose prefixes prove nothing about other vectors. */
function markCollisions(): void {
  let page: u32 = 0;
  for (let each: usize = 0; each < <usize>collisions; each++) {
    const block = load<u32>(collisionsAt + (each << 2));
    while (page < pageCount && load<u32>(pageOf(page)) < block >> PAGE_SHIFT) {
      page++;
    }
    if (page < pageCount && load<u32>(pageOf(page)) === block >> PAGE_SHIFT) {
      store<u32>(pageOf(page), load<u32>(pageOf(page), 16) | (1 << (block & (PAGE_BLOCKS - 1))), 16);
    }
  }
}

/**
 * Returns whether all our blocks whose prefixes occur in this window are settled, so that no vector must be checked.
 */
export function isConfirmed(): bool {
  const end = min(nextPage + 1, pageCount);
  for (let page = firstPage; page < end; page++) {
    if ((load<u32>(pageOf(page), 20) & load<u32>(pageOf(page), 12)) !== 0) {
      return false;
    }
  }
  return true;
}

/**
 * Returns how many rows of a vector, from its first row in this window on, must be read to check its blocks that have
 * the same prefixes as ours and are not settled. Returns 0 if all are settled.
 */
export function rowsToCheck(vector: u32): u32 {
  let row: u32 = 0;
  let last: u32 = 0;
  for (let reference = firstReference(vector); reference < endOfReferences(vector); reference++) {
    const match = matchOf(reference);
    const there = <u32>load<u16>(match, 2);
    const open = openIn(match);
    if (open !== 0) {
      last = row + popcnt(there & ((2 << (31 - clz(open))) - 1));
    }
    row += popcnt(there);
  }
  return last;
}

/**
 * Checks the blocks of a vector in this window that have the same prefixes as ours and are not settled. The vector's
 * digests, from its first row in the window on, must be at {@link inputAt}. If the digests are equal, the block is
 * settled for all vectors, unless other digests with the same prefix exist. If they differ, the block is subtracted
 * from the equal blocks.
 */
export function checkVector(vector: u32): void {
  let row: usize = 0;
  const sum = sums + <usize>vector * SUM;
  for (let reference = firstReference(vector); reference < endOfReferences(vector); reference++) {
    const match = matchOf(reference);
    const there = <u32>load<u16>(match, 2);
    for (let open = openIn(match); open !== 0; open &= open - 1) {
      const page = pageOf(load<u32>(match, 4));
      const bit = open & -open;
      const digest = input + (row + <usize>popcnt(there & (bit - 1))) * length;
      const own = <usize>(load<u32>(page, 4) + popcnt(load<u32>(page, 8) & (bit - 1)));
      if (equalsPadded(digest, digests + own * padded)) {
        store<u32>(page, load<u32>(page, 12) & ~(bit & ~load<u32>(page, 16)), 12);
      } else {
        store<u32>(sum, load<u32>(sum) - 1);
      }
    }
    row += <usize>popcnt(there);
  }
}

/** Returns a bit for each block of a page that has the same prefix as ours and is not settled. */
function openIn(match: usize): u32 {
  const equal = <u32>load<u16>(match);
  return equal === 0 ? 0 : equal & load<u32>(pageOf(load<u32>(match, 4)), 12);
}

function firstReference(vector: u32): usize {
  return vector === 0 ? 0 : <usize>load<u32>(endsAt + <usize>(vector - 1) * 4);
}

function endOfReferences(vector: u32): usize {
  return <usize>load<u32>(endsAt + <usize>vector * 4);
}

function matchOf(reference: usize): usize {
  return matches + ((<usize>load<u16>(referencesAt + (reference << 1))) << 3);
}

function pageOf(page: u32): usize {
  return pages + <usize>page * PAGE;
}
