import type { Extent } from '../contracts/disk-image.js';
import { throwIfAborted, VirtSimilarityError } from '../errors.js';

/** Numbers kept per extent: length, layer (−1: zeros, −2: not stored verbatim), offset in the layer. */
const FIELDS = 3;
const ZERO = -1;
const NOT_STORED = -2;

/** All extents of a disk, in 24 bytes each: a fragmented disk has one for every block. */
export class ExtentList implements Iterable<Extent> {
  #fields = new Float64Array(FIELDS * 64);
  #used = 0;
  #end = 0;
  #dataBytes = 0;

  /** Collects extents. Throws `aborted`, and `plugin` where they do not cover `virtualSize` bytes exactly, in order. */
  static async from(extents: AsyncIterable<Extent>, virtualSize: number, signal?: AbortSignal): Promise<ExtentList> {
    const list = new ExtentList();
    for await (const extent of extents) {
      throwIfAborted(signal);
      list.#add(extent);
    }
    if (list.#end !== virtualSize) throw brokenContract(`an end at byte ${virtualSize}`, `one at ${list.#end}`);
    return list;
  }

  /** Bytes that are not known to be zeros. */
  get dataBytes(): number {
    return this.#dataBytes;
  }

  *[Symbol.iterator](): Iterator<Extent> {
    let start = 0;
    for (let at = 0; at < this.#used; at += FIELDS) {
      const length = this.#fields[at]!;
      const layer = this.#fields[at + 1]!;
      if (layer === ZERO) yield { kind: 'zero', start, length };
      else if (layer === NOT_STORED) yield { kind: 'data', start, length };
      else yield { kind: 'data', start, length, stored: { layer, offset: this.#fields[at + 2]! } };
      start += length;
    }
  }

  #add(extent: Extent): void {
    if (extent.start !== this.#end) throw brokenContract(`an extent at byte ${this.#end}`, `one at ${extent.start}`);
    if (!(Number.isSafeInteger(extent.length) && extent.length > 0)) {
      throw brokenContract('a whole length above 0', `${extent.length}`);
    }
    if (this.#used === this.#fields.length) {
      const grown = new Float64Array(this.#fields.length * 2);
      grown.set(this.#fields);
      this.#fields = grown;
    }
    this.#fields[this.#used] = extent.length;
    this.#fields[this.#used + 1] = extent.kind === 'zero' ? ZERO : (extent.stored?.layer ?? NOT_STORED);
    this.#fields[this.#used + 2] = extent.kind === 'data' ? (extent.stored?.offset ?? 0) : 0;
    this.#used += FIELDS;
    this.#end += extent.length;
    if (extent.kind === 'data') this.#dataBytes += extent.length;
  }
}

function brokenContract(expected: string, found: string): VirtSimilarityError {
  return new VirtSimilarityError('plugin', `the reader's extents are wrong: expected ${expected}, found ${found}`);
}
