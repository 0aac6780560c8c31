import type { DataExtent, Extent } from '../contracts/disk-image.js';
import { throwIfAborted, VirtSimilarityError } from '../errors.js';

/** Numbers per extent: its length, its code, and the offset in its file. */
const FIELDS = 3;
/**
 * The codes of an extent: `ZERO`, or `NOT_STORED` for data that no file stores verbatim, or the index of the file that
 * stores the data plus `FIRST_FILE`.
 */
const ZERO = 0;
const NOT_STORED = 1;
const FIRST_FILE = 2;
/** Added to the code of an inherited extent. */
const INHERITED = 2 ** 32;
const LAST_FILE = INHERITED - FIRST_FILE - 1;

/** The most extents of a list that begin in one block. */
export const EXTENTS_PER_BLOCK = 4;

export interface ExtentListOptions {
  /** Bytes, a positive integer; default: 1, with which the list keeps every extent unchanged. */
  readonly blockSize?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The extents of a disk, in 24 bytes each. At most `EXTENTS_PER_BLOCK` extents of the list begin in a block, however
 * fragmented the disk is. If more extents of the disk begin in a block, the last extent of the list there is extended
 * to the end of the block: as zeros if all of its bytes are zeros, otherwise as data that is not stored verbatim. The
 * list therefore has at most 96 bytes for each block in which an extent begins. Its memory can be twice as large, and
 * three times as large while the list grows.
 */
export class ExtentList implements Iterable<Extent> {
  #fields = new Float64Array(FIELDS * 64);
  #used = 0;
  #end = 0;
  readonly #blockSize: number;
  /** The block in which the last extent begins. */
  #block = -1;
  /** The number of extents that begin in that block. */
  #inBlock = 0;

  private constructor(blockSize: number) {
    this.#blockSize = blockSize;
  }

  /**
   * Collects extents.
   *
   * @throws `aborted`, `plugin` if the extents do not cover `virtualSize` bytes exactly and in order or have an invalid
   *   length or location, and whatever `extents` throws.
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
      throw wrongExtents(`the last to end at byte ${virtualSize}`, `its end at ${list.#end}`);
    }
    return list;
  }

  *[Symbol.iterator](): Iterator<Extent> {
    let start = 0;
    for (let at = 0; at < this.#used; at += FIELDS) {
      const length = this.#fields[at]!;
      const code = this.#fields[at + 1]!;
      const run = { start, length, ...(code >= INHERITED && { inherited: true as const }) };
      const file = (code % INHERITED) - FIRST_FILE;
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
      throw wrongExtents('a positive integer as length', `${extent.length}`);
    }
    if (extent.kind === 'data' && extent.stored !== undefined) {
      requireLocation(extent.stored);
    }
    const code = codeOf(extent) + (extent.inherited ? INHERITED : 0);
    const offset = extent.kind === 'data' ? (extent.stored?.offset ?? 0) : 0;
    const block = Math.floor(extent.start / this.#blockSize);
    if (block !== this.#block) {
      this.#block = block;
      this.#inBlock = 0;
    }
    let { length } = extent;
    if (this.#inBlock === EXTENTS_PER_BLOCK) {
      const inBlock = Math.min(length, (block + 1) * this.#blockSize - extent.start);
      this.#extendLast(inBlock, code);
      length -= inBlock;
      if (length > 0) {
        this.#block = block + 1;
        this.#push(length, code, extent.kind === 'data' && extent.stored !== undefined ? offset + inBlock : 0);
        this.#inBlock = 1;
      }
    } else {
      this.#push(length, code, offset);
      this.#inBlock += 1;
    }
    this.#end += extent.length;
  }

  #push(length: number, code: number, offset: number): void {
    if (this.#used === this.#fields.length) {
      const grown = new Float64Array(this.#fields.length * 2);
      grown.set(this.#fields);
      this.#fields = grown;
    }
    this.#fields[this.#used] = length;
    this.#fields[this.#used + 1] = code;
    this.#fields[this.#used + 2] = offset;
    this.#used += FIELDS;
  }

  /** Extends the last extent. The extended extent keeps only the properties that it shares with the added bytes. */
  #extendLast(length: number, code: number): void {
    const last = this.#used - FIELDS;
    const before = this.#fields[last + 1]!;
    const isZero = before % INHERITED === ZERO && code % INHERITED === ZERO;
    const isInherited = before >= INHERITED && code >= INHERITED;
    this.#fields[last] = this.#fields[last]! + length;
    this.#fields[last + 1] = (isZero ? ZERO : NOT_STORED) + (isInherited ? INHERITED : 0);
    this.#fields[last + 2] = 0;
  }
}

/**
 * Requires a valid location: with a negative offset, a system call would read from the file's current position instead.
 *
 * @throws `plugin` if the location is invalid.
 */
function requireLocation({ file, offset }: NonNullable<DataExtent['stored']>): void {
  const isOffset = Number.isSafeInteger(offset) && offset >= 0;
  const isFile = Number.isSafeInteger(file) && file >= 0 && file <= LAST_FILE;
  if (isOffset && isFile) {
    return;
  }
  throw wrongExtents('non-negative integers as file and offset', `${file} and ${offset}`);
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
