/**
 * A window of a vector index: the blocks of some vectors at consecutive block numbers, as pages. A page consists of the
 * digest prefixes of 16 consecutive blocks, and equal pages are stored once. All numbers are little-endian:
 *
 * - the header: the size of the window in bytes, and the numbers of groups, pages, references, collisions and vectors
 *   (u32 each), then the checksum (u64)
 * - for each group (the pages with one page number), in ascending order: the page number, and the end of its pages in
 *   the list of pages (u32 each)
 * - for each vector: the end of its references in the list of references (u32)
 * - the block numbers at which two different digests have the same prefix (u32), in ascending order
 * - the references, which are indexes of pages (u16); those of a vector are in ascending order of page numbers
 * - the pages, at a multiple of 16 bytes: 16 prefixes each (u32), with 0 for a zero block
 */
export const PAGE_BLOCKS: u32 = 16;
export const PAGE_SHIFT: u32 = 4;
export const PAGE_BYTES: usize = 64;
export const MOST_PAGES: u32 = 32_768;

const HEADER: usize = 32;
const SPREAD: u64 = (0x9e3779b9 << 32) | 0x7f4a7c15;

export let groups: u32 = 0;
export let pages: u32 = 0;
export let references: u32 = 0;
export let collisions: u32 = 0;
export let vectors: u32 = 0;
export let groupsAt: usize = 0;
export let endsAt: usize = 0;
export let collisionsAt: usize = 0;
export let referencesAt: usize = 0;
export let pagesAt: usize = 0;
/** The size of the window in bytes, a multiple of 16. */
export let bytes: usize = 0;

/** Writes the header of a window without its checksum, and sets the variables above. */
export function writeHeader(
  window: usize,
  ofGroups: u32,
  ofPages: u32,
  ofReferences: u32,
  ofCollisions: u32,
  ofVectors: u32,
): void {
  store<u32>(window, ofGroups, 4);
  store<u32>(window, ofPages, 8);
  store<u32>(window, ofReferences, 12);
  store<u32>(window, ofCollisions, 16);
  store<u32>(window, ofVectors, 20);
  locateSections(window);
  store<u32>(window, <u32>bytes);
}

/** Sets the variables above from the header of a window. Does not check the header, which may be damaged. */
export function locateSections(window: usize): void {
  groups = load<u32>(window, 4);
  pages = load<u32>(window, 8);
  references = load<u32>(window, 12);
  collisions = load<u32>(window, 16);
  vectors = load<u32>(window, 20);
  groupsAt = window + HEADER;
  endsAt = groupsAt + ((<usize>groups) << 3);
  collisionsAt = endsAt + ((<usize>vectors) << 2);
  referencesAt = collisionsAt + ((<usize>collisions) << 2);
  pagesAt = (referencesAt + ((<usize>references) << 1) + 15) & ~15;
  bytes = pagesAt + <usize>pages * PAGE_BYTES - window;
}

/** Stores the checksum of a window. */
export function seal(window: usize): void {
  store<u64>(window, checksumOf(window, bytes), 24);
}

/** Returns whether `size` bytes are an undamaged window of `count` vectors. If they are, sets the variables above. */
export function isSound(window: usize, size: usize, count: u32): bool {
  if (size < HEADER || load<u32>(window) !== <u32>size || load<u64>(window, 24) !== checksumOf(window, size)) {
    return false;
  }
  locateSections(window);
  return bytes === size && vectors === count;
}

/**
 * Returns Fletcher's checksum (1982) in eight lanes of 32 bits, of everything but the checksum itself. It detects
 * damage, not forgery.
 */
function checksumOf(window: usize, size: usize): u64 {
  let sum = v128.load(window);
  sum = i32x4.add(sum, i32x4.replace_lane(i32x4.replace_lane(v128.load(window, 16), 2, 0), 3, 0));
  let sums = sum;
  const end = window + size;
  for (let at = window + HEADER; at < end; at += 16) {
    sum = i32x4.add(sum, v128.load(at));
    sums = i32x4.add(sums, sum);
  }
  let hash = SPREAD;
  hash = (hash ^ i64x2.extract_lane(sum, 0)) * SPREAD;
  hash = (hash ^ (hash >> 32) ^ i64x2.extract_lane(sum, 1)) * SPREAD;
  hash = (hash ^ (hash >> 32) ^ i64x2.extract_lane(sums, 0)) * SPREAD;
  hash = (hash ^ (hash >> 32) ^ i64x2.extract_lane(sums, 1)) * SPREAD;
  return hash ^ (hash >> 32);
}

/** Returns a bit for each block of a page that is not zero. */
export function presentIn(page: usize): u32 {
  const zero = i64x2.splat(0);
  return (
    <u32>0xffff ^
    maskOf(
      i32x4.eq(v128.load(page), zero),
      i32x4.eq(v128.load(page, 16), zero),
      i32x4.eq(v128.load(page, 32), zero),
      i32x4.eq(v128.load(page, 48), zero),
    )
  );
}

/** Returns a bit for each of 16 lanes: 1 if all bits of the lane are ones, 0 if they are zeros. */
export function maskOf(a: v128, b: v128, c: v128, d: v128): u32 {
  return i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
}

/**
 * Returns the prefix of a digest: its first 4 bytes, but 1 instead of 0, because 0 marks zero blocks. At least 3
 * readable bytes must follow the digest.
 */
export function prefixOf(digest: usize): u32 {
  return max(<u32>1, load<u32>(digest));
}
