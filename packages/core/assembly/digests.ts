/**
 * 2⁶⁴ divided by the golden ratio; spreads digests that are not uniform (Knuth, The Art of Computer Programming, 6.4).
 */
const SPREAD: u64 = (0x9e3779b9 << 32) | 0x7f4a7c15;

/** Bytes of a digest padded with zeros, so that it can be processed 16 bytes at a time. */
let padded: usize = 0;
let length: usize = 0;
/** The mask of the bytes that belong to a digest in its last 16 bytes. */
const lastMask = memory.data(16, 16);

/** Sets the length of digests, in bytes. Returns the length of padded digests. */
export function setDigestLength(bytes: usize): usize {
  length = bytes;
  padded = (length + 15) & ~15;
  memory.fill(lastMask, 0, 16);
  memory.fill(lastMask, 255, length - padded + 16);
  return padded;
}

/** Bytes of a digest of SHA-256 or BLAKE3, for which there are faster paths. */
const USUAL: usize = 32;

// The functions below may read up to 15 bytes past the end of a digest that is not padded. These bytes do not affect
// the result.

/** Copies a digest and pads it. */
export function copyDigest(target: usize, source: usize): void {
  if (length === USUAL) {
    v128.store(target, v128.load(source));
    v128.store(target, v128.load(source, 16), 16);
    return;
  }
  const last = padded - 16;
  for (let at: usize = 0; at < last; at += 16) {
    v128.store(target + at, v128.load(source + at));
  }
  v128.store(target + last, lastOf(source + last));
}

/** Returns whether a digest equals a padded one. */
export function equalsPadded(digest: usize, other: usize): bool {
  if (length === USUAL) {
    const first = v128.xor(v128.load(digest), v128.load(other));
    return !v128.any_true(v128.or(first, v128.xor(v128.load(digest, 16), v128.load(other, 16))));
  }
  return equalsPaddedOfAnyLength(digest, other);
}

function equalsPaddedOfAnyLength(digest: usize, other: usize): bool {
  const last = padded - 16;
  let different = v128.xor(lastOf(digest + last), v128.load(other + last));
  for (let at: usize = 0; at < last; at += 16) {
    different = v128.or(different, v128.xor(v128.load(digest + at), v128.load(other + at)));
  }
  return !v128.any_true(different);
}

/** Returns a hash of a digest, whose upper bits depend on all bytes of the digest. */
export function hashOf(digest: usize): u64 {
  const folded = length === USUAL ? v128.xor(v128.load(digest), v128.load(digest, 16)) : fold(digest);
  return (i64x2.extract_lane(folded, 0) ^ (i64x2.extract_lane(folded, 1) * 3)) * SPREAD;
}

function fold(digest: usize): v128 {
  const last = padded - 16;
  let folded = lastOf(digest + last);
  for (let at: usize = 0; at < last; at += 16) {
    folded = v128.xor(folded, v128.load(digest + at));
  }
  return folded;
}

/** Returns the hash of {@link hashOf}, mixed so that each of its bits depends on all bytes of the digest. */
export function mixedHashOf(digest: usize): u64 {
  const hash = hashOf(digest);
  const mixed = (hash ^ (hash >> 32)) * SPREAD;
  return mixed ^ (mixed >> 32);
}

function lastOf(bytes: usize): v128 {
  return v128.and(v128.load(bytes), v128.load(lastMask));
}
