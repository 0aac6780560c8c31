import type { DataExtent, Extent } from '../contracts/disk-image.js';
import { throwIfAborted, VirtSimilarityError } from '../errors.js';

/** Numbers kept per extent: length, what it is, and the offset in its layer. */
const FIELDS = 3;
/** What an extent is: zeros, not stored verbatim, or from here on the index of its layer … */
const ZERO = 0;
const NOT_STORED = 1;
const FIRST_LAYER = 2;
/** … to which this is added where it is inherited. */
const INHERITED = 2 ** 32;
const LAST_LAYER = INHERITED - FIRST_LAYER - 1;

/** All extents of a disk, in 24 bytes each: a fragmented disk has one for every block. */
export class ExtentList implements Iterable<Extent> {
  #fields = new Float64Array(FIELDS * 64);
  #used = 0;
  #end = 0;

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

  *[Symbol.iterator](): Iterator<Extent> {
    let start = 0;
    for (let at = 0; at < this.#used; at += FIELDS) {
      const length = this.#fields[at]!;
      const what = this.#fields[at + 1]!;
      const run = { start, length, ...(what >= INHERITED && { inherited: true as const }) };
      const layer = (what % INHERITED) - FIRST_LAYER;
      if (layer >= 0) yield { kind: 'data', ...run, stored: { layer, offset: this.#fields[at + 2]! } };
      else yield { kind: layer + FIRST_LAYER === ZERO ? 'zero' : 'data', ...run };
      start += length;
    }
  }

  #add(extent: Extent): void {
    if (extent.start !== this.#end) throw brokenContract(`an extent at byte ${this.#end}`, `one at ${extent.start}`);
    if (!(Number.isSafeInteger(extent.length) && extent.length > 0)) {
      throw brokenContract('a whole length above 0', `${extent.length}`);
    }
    if (extent.kind === 'data' && extent.stored !== undefined) requirePlace(extent.stored);
    if (this.#used === this.#fields.length) {
      const grown = new Float64Array(this.#fields.length * 2);
      grown.set(this.#fields);
      this.#fields = grown;
    }
    this.#fields[this.#used] = extent.length;
    this.#fields[this.#used + 1] = codeOf(extent) + (extent.inherited ? INHERITED : 0);
    this.#fields[this.#used + 2] = extent.kind === 'data' ? (extent.stored?.offset ?? 0) : 0;
    this.#used += FIELDS;
    this.#end += extent.length;
  }
}

/** A system call would take an offset below 0 for the file's own position, and so read something else. */
function requirePlace({ layer, offset }: NonNullable<DataExtent['stored']>): void {
  const isOffset = Number.isSafeInteger(offset) && offset >= 0;
  const isLayer = Number.isSafeInteger(layer) && layer >= 0 && layer <= LAST_LAYER;
  if (isOffset && isLayer) return;
  throw brokenContract('whole numbers from 0 for a layer and an offset', `${layer} and ${offset}`);
}

function codeOf(extent: Extent): number {
  if (extent.kind === 'zero') return ZERO;
  return extent.stored === undefined ? NOT_STORED : FIRST_LAYER + extent.stored.layer;
}

function brokenContract(expected: string, found: string): VirtSimilarityError {
  return new VirtSimilarityError('plugin', `the reader's extents are wrong: expected ${expected}, found ${found}`);
}
