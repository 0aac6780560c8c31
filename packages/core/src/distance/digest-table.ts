/**
 * Numbers distinct (tag, digest) pairs in the order of their first appearance: an open-addressing hash table over
 * typed arrays, which holds millions of them without an object each.
 */
export class DigestTable {
  readonly #digestLength: number;
  /** Entry numbers plus 1, by hash; 0 where free. A power of two long. */
  #buckets: Uint32Array;
  #tags: Uint32Array;
  #digests: Uint8Array;
  #size = 0;

  /**
   * @param digestLength Bytes of a digest, at least 1.
   * @param capacity Entries to make room for at first; the table grows past it by itself.
   */
  constructor(digestLength: number, capacity: number) {
    const room = Math.max(16, capacity);
    this.#digestLength = digestLength;
    this.#buckets = new Uint32Array(2 ** Math.ceil(Math.log2(room * 2)));
    this.#tags = new Uint32Array(room);
    this.#digests = new Uint8Array(room * digestLength);
  }

  /** Number of entries. */
  get size(): number {
    return this.#size;
  }

  clear(): void {
    this.#buckets.fill(0);
    this.#size = 0;
  }

  /**
   * The number of the pair, which is `size` before the call if it is new.
   * @param tag A number below 2³².
   * @param digests Bytes in which the digest begins at `offset`; copied.
   */
  number(tag: number, digests: Uint8Array, offset: number): number {
    const mask = this.#buckets.length - 1;
    let bucket = this.#hash(tag, digests, offset) & mask;
    for (;;) {
      const entry = this.#buckets[bucket]! - 1;
      if (entry < 0) break;
      if (this.#tags[entry] === tag && this.#holds(entry, digests, offset)) return entry;
      bucket = (bucket + 1) & mask;
    }
    this.#buckets[bucket] = this.#size + 1;
    return this.#append(tag, digests, offset);
  }

  #append(tag: number, digests: Uint8Array, offset: number): number {
    const entry = this.#size++;
    if (entry === this.#tags.length) this.#growEntries();
    this.#tags[entry] = tag;
    const target = entry * this.#digestLength;
    for (let index = 0; index < this.#digestLength; index++) this.#digests[target + index] = digests[offset + index]!;
    if (this.#size * 2 > this.#buckets.length) this.#growBuckets();
    return entry;
  }

  #holds(entry: number, digests: Uint8Array, offset: number): boolean {
    const own = entry * this.#digestLength;
    for (let index = 0; index < this.#digestLength; index++) {
      if (this.#digests[own + index] !== digests[offset + index]) return false;
    }
    return true;
  }

  /** Digests are uniform already, so their first bytes make a hash; the tag is spread over it by Fibonacci hashing. */
  #hash(tag: number, digests: Uint8Array, offset: number): number {
    let hash = Math.imul(tag, 0x9e3779b1);
    const length = Math.min(4, this.#digestLength);
    for (let index = 0; index < length; index++)
      hash = Math.imul(hash, 257) ^ (digests[offset + index]! << (index * 8));
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  #growEntries(): void {
    const tags = new Uint32Array(this.#tags.length * 2);
    tags.set(this.#tags);
    this.#tags = tags;
    const digests = new Uint8Array(this.#digests.length * 2);
    digests.set(this.#digests);
    this.#digests = digests;
  }

  #growBuckets(): void {
    this.#buckets = new Uint32Array(this.#buckets.length * 2);
    const mask = this.#buckets.length - 1;
    for (let entry = 0; entry < this.#size; entry++) {
      let bucket = this.#hash(this.#tags[entry]!, this.#digests, entry * this.#digestLength) & mask;
      while (this.#buckets[bucket] !== 0) bucket = (bucket + 1) & mask;
      this.#buckets[bucket] = entry + 1;
    }
  }
}
