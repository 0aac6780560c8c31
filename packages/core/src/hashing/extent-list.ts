import type { DataExtent, Extent } from '../contracts/disk-image.js';
import { throwIfAborted, VirtSimilarityError } from '../errors.js';

/** Numbers kept per extent: length, what it is, and the offset in its file. */
const FIELDS = 3;
/** What an extent is: zeros, not stored verbatim, or from here on the number of its file … */
const ZERO = 0;
const NOT_STORED = 1;
const FIRST_FILE = 2;
/** … to which this is added where it is inherited. */
const INHERITED = 2 ** 32;
const LAST_FILE = INHERITED - FIRST_FILE - 1;

/** Extents that may begin in one block. */
export const EXTENTS_PER_BLOCK = 4;

export interface ExtentListOptions {
  /** Bytes, a whole number. With blocks of one byte, as by default, the list has all extents just as they came. */
  readonly blockSize?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The extents of a disk, in 24 bytes each. However fragmented the disk is, at most `EXTENTS_PER_BLOCK` of them begin in a
 * block: the last one covers the rest of the block, which is then data that is not stored verbatim unless all of it
 * reads as zeros. So the list takes at most 96 bytes for each block in which an extent begins, and up to three times that
 * while the list grows.
 */
export class ExtentList implements Iterable<Extent> {
  #fields = new Float64Array(FIELDS * 64);
  #used = 0;
  #end = 0;
  readonly #blockSize: number;
  /** The block in which the last extent begins, and how many begin in it. */
  #block = -1;
  #inBlock = 0;

  private constructor(blockSize: number) {
    this.#blockSize = blockSize;
  }

  /**
   * Collects extents.
   *
   * @throws `aborted`, and `plugin` where they do not cover `virtualSize` bytes exactly, in order.
   */
  static async from(
    extents: AsyncIterable<Extent>,
    virtualSize: number,
    { blockSize = 1, signal }: ExtentListOptions = {},
  ): Promise<ExtentList> {
    const list = new ExtentList(blockSize);
    for await (const extent of extents) {
      throwIfAborted(signal);
      list.#add(extent);
    }
    if (list.#end !== virtualSize) {
      throw wrongExtents(`an end at byte ${virtualSize}`, `one at ${list.#end}`);
    }
    return list;
  }

  *[Symbol.iterator](): Iterator<Extent> {
    let start = 0;
    for (let at = 0; at < this.#used; at += FIELDS) {
      const length = this.#fields[at]!;
      const what = this.#fields[at + 1]!;
      const run = { start, length, ...(what >= INHERITED && { inherited: true as const }) };
      const file = (what % INHERITED) - FIRST_FILE;
      if (file >= 0) {
        yield { kind: 'data', ...run, stored: { file, offset: this.#fields[at + 2]! } };
      } else {
        yield { kind: file + FIRST_FILE === ZERO ? 'zero' : 'data', ...run };
      }
      start += length;
    }
  }

  #add(extent: Extent): void {
    if (extent.start !== this.#end) {
      throw wrongExtents(`an extent at byte ${this.#end}`, `one at ${extent.start}`);
    }
    if (!(Number.isSafeInteger(extent.length) && extent.length > 0)) {
      throw wrongExtents('a whole length above 0', `${extent.length}`);
    }
    if (extent.kind === 'data' && extent.stored !== undefined) {
      requirePlace(extent.stored);
    }
    const what = codeOf(extent) + (extent.inherited ? INHERITED : 0);
    const offset = extent.kind === 'data' ? (extent.stored?.offset ?? 0) : 0;
    const block = Math.floor(extent.start / this.#blockSize);
    if (block !== this.#block) {
      this.#block = block;
      this.#inBlock = 0;
    }
    let { length } = extent;
    if (this.#inBlock === EXTENTS_PER_BLOCK) {
      const inBlock = Math.min(length, (block + 1) * this.#blockSize - extent.start);
      this.#extendLast(inBlock, what);
      length -= inBlock;
      if (length > 0) {
        this.#block = block + 1;
        this.#push(length, what, extent.kind === 'data' && extent.stored !== undefined ? offset + inBlock : 0);
        this.#inBlock = 1;
      }
    } else {
      this.#push(length, what, offset);
      this.#inBlock += 1;
    }
    this.#end += extent.length;
  }

  #push(length: number, what: number, offset: number): void {
    if (this.#used === this.#fields.length) {
      const grown = new Float64Array(this.#fields.length * 2);
      grown.set(this.#fields);
      this.#fields = grown;
    }
    this.#fields[this.#used] = length;
    this.#fields[this.#used + 1] = what;
    this.#fields[this.#used + 2] = offset;
    this.#used += FIELDS;
  }

  /** Makes the last extent longer. What it and the added bytes have in common is all that is known of it then. */
  #extendLast(length: number, what: number): void {
    const last = this.#used - FIELDS;
    const before = this.#fields[last + 1]!;
    const isZero = before % INHERITED === ZERO && what % INHERITED === ZERO;
    const isInherited = before >= INHERITED && what >= INHERITED;
    this.#fields[last] = this.#fields[last]! + length;
    this.#fields[last + 1] = (isZero ? ZERO : NOT_STORED) + (isInherited ? INHERITED : 0);
    this.#fields[last + 2] = 0;
  }
}

/** A system call would take an offset below 0 for the file's own position, and so read something else. */
function requirePlace({ file, offset }: NonNullable<DataExtent['stored']>): void {
  const isOffset = Number.isSafeInteger(offset) && offset >= 0;
  const isFile = Number.isSafeInteger(file) && file >= 0 && file <= LAST_FILE;
  if (isOffset && isFile) {
    return;
  }
  throw wrongExtents('whole numbers from 0 for a file and an offset', `${file} and ${offset}`);
}

function codeOf(extent: Extent): number {
  if (extent.kind === 'zero') {
    return ZERO;
  }
  return extent.stored === undefined ? NOT_STORED : FIRST_FILE + extent.stored.file;
}

function wrongExtents(expected: string, found: string): VirtSimilarityError {
  return new VirtSimilarityError(
    'plugin',
    `the reader's extents are wrong: expected ${expected}, found ${found}; fix the reader`,
  );
}
