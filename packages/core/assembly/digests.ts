/**
 * 2⁶⁴ divided by the golden ratio: spreads digests that are less uniform than one hopes (Knuth, The Art of Computer
 * Programming, 6.4).
 */
const SPREAD: u64 = (0x9e3779b9 << 32) | 0x7f4a7c15;

/** Bytes of a digest with zeros after it, so that it can be handled 16 bytes at a time. */
let padded: usize = 0;
let length: usize = 0;
/** What belongs to a digest of its last 16 bytes, byte by byte. */
const lastMask = memory.data(16, 16);

/** Sets the length of digests, in bytes. Returns how far apart padded digests stand. */
export function setDigestLength(bytes: usize): usize {
  length = bytes;
  padded = (length + 15) & ~15;
  memory.fill(lastMask, 0, 16);
  memory.fill(lastMask, 255, length - padded + 16);
  return padded;
}

/** Bytes of a digest of SHA-256 or BLAKE3, for which there are shorter ways. */
const USUAL: usize = 32;

/** Copies a digest and pads it. May read up to 15 bytes past it. */
export function copyDigest(target: usize, source: usize): void {
  if (length === USUAL) {
    v128.store(target, v128.load(source));
    v128.store(target, v128.load(source, 16), 16);
    return;
  }
  const last = padded - 16;
  for (let at: usize = 0; at < last; at += 16) v128.store(target + at, v128.load(source + at));
  v128.store(target + last, v128.and(v128.load(source + last), v128.load(lastMask)));
}

/** Whether two padded digests are equal. */
export function equalDigests(one: usize, other: usize): bool {
  let different = v128.xor(v128.load(one), v128.load(other));
  if (length === USUAL) {
    different = v128.or(different, v128.xor(v128.load(one, 16), v128.load(other, 16)));
  } else {
    for (let at: usize = 16; at < padded; at += 16) {
      different = v128.or(different, v128.xor(v128.load(one + at), v128.load(other + at)));
    }
  }
  return !v128.any_true(different);
}

/** A number made of all bytes of a padded digest, whose upper bits depend on all of them. */
export function hashOf(digest: usize): u64 {
  let folded = v128.load(digest);
  if (length === USUAL) folded = v128.xor(folded, v128.load(digest, 16));
  else for (let at: usize = 16; at < padded; at += 16) folded = v128.xor(folded, v128.load(digest + at));
  return (i64x2.extract_lane(folded, 0) ^ (i64x2.extract_lane(folded, 1) * 3)) * SPREAD;
}

/** The same number, mixed until each of its bits depends on all bytes. */
export function mixedHashOf(digest: usize): u64 {
  const hash = hashOf(digest);
  const mixed = (hash ^ (hash >> 32)) * SPREAD;
  return mixed ^ (mixed >> 32);
}
