import type { HashVector } from '@virt-similarity/core';
import { throwIfAborted } from '@virt-similarity/core/errors';

/** The label of a zero block. */
export const ZERO = 0;
/** The label of a block that no other image has at the same block number. */
export const UNIQUE = 0xffff;

/** A set of block numbers. At each of them, the same images have equal blocks, and the same images have zeros. */
export interface BlockPattern {
  /**
   * For each image: `ZERO`, `UNIQUE`, or the number of its block. Blocks that several images have are numbered from 1,
   * in the order of the first image that has them.
   */
  readonly labels: Uint16Array;
  /** The number of different blocks that several images have, which is also the largest label except `UNIQUE`. */
  readonly shared: number;
  /** The block numbers, ascending. */
  readonly blocks: readonly number[];
}

/** The largest number of rows that a window can hold, for all images together. */
const ROWS_AT_ONCE = 1 << 20;

/**
 * Groups block numbers by the pattern in which images have equal blocks there. Block numbers at which all images are
 * zero are left out. Reads each vector once. Memory: four bytes for each image and pattern, a number for each block
 * number that is not left out, and up to 2²⁰ rows.
 *
 * @param vectors from 1 to 65,534, all with the same hasher and block size
 * @throws `aborted`, and the errors of reading the vectors.
 */
export async function blockPatterns(
  vectors: readonly HashVector[],
  signal?: AbortSignal | undefined,
): Promise<readonly BlockPattern[]> {
  const patterns = new Map<string, { labels: Uint16Array; shared: number; blocks: number[] }>();
  const cursors = vectors.map((vector) => new RowCursor(vector));
  const width = Math.max(1, Math.floor(ROWS_AT_ONCE / vectors.length));
  try {
    for (let start = 0; start !== Number.POSITIVE_INFINITY; start = await nextBlockOf(cursors)) {
      throwIfAborted(signal);
      const window = new Window(start, width, vectors.length);
      for (const [image, cursor] of cursors.entries()) {
        await cursor.takeBefore(start + width, (block, digest) => window.add(image, block, digest));
      }
      for (const { block, labels, shared } of window.patterns()) {
        const key = Buffer.from(labels.buffer, labels.byteOffset, labels.byteLength).toString('latin1');
        const known = patterns.get(key);
        if (known === undefined) {
          patterns.set(key, { labels, shared, blocks: [block] });
        } else {
          known.blocks.push(block);
        }
      }
    }
  } finally {
    await Promise.allSettled(cursors.map((cursor) => cursor.close()));
  }
  return [...patterns.values()];
}

async function nextBlockOf(cursors: readonly RowCursor[]): Promise<number> {
  let next = Number.POSITIVE_INFINITY;
  for (const cursor of cursors) {
    next = Math.min(next, await cursor.nextBlock());
  }
  return next;
}

/** Reads the rows of a vector in order. */
class RowCursor {
  readonly #digestLength: number;
  readonly #batches: AsyncIterator<{ readonly blocks: Uint32Array; readonly digests: Uint8Array }>;
  #blocks: Uint32Array = new Uint32Array();
  #digests: Uint8Array = new Uint8Array();
  #row = 0;

  constructor(vector: HashVector) {
    this.#digestLength = vector.digestLength;
    this.#batches = vector.rows()[Symbol.asyncIterator]();
  }

  /** Returns the block number of the next row; `Infinity` after the last row. */
  async nextBlock(): Promise<number> {
    while (this.#row === this.#blocks.length) {
      const { done, value } = await this.#batches.next();
      if (done) {
        return Number.POSITIVE_INFINITY;
      }
      this.#blocks = value.blocks;
      this.#digests = value.digests;
      this.#row = 0;
    }
    return this.#blocks[this.#row]!;
  }

  async takeBefore(end: number, take: (block: number, digest: Uint8Array) => void): Promise<void> {
    while ((await this.nextBlock()) < end) {
      for (; this.#row < this.#blocks.length && this.#blocks[this.#row]! < end; this.#row++) {
        const offset = this.#row * this.#digestLength;
        take(this.#blocks[this.#row]!, this.#digests.subarray(offset, offset + this.#digestLength));
      }
    }
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}

/** The blocks of all images at some consecutive block numbers. Blocks must be added in image order. */
class Window {
  readonly #start: number;
  readonly #images: number;
  /**
   * By block number, from `#start`: the images that have each digest, in image order; `undefined` if all images are
   * zero.
   */
  readonly #digests: (Map<string, number[]> | undefined)[];

  constructor(start: number, width: number, images: number) {
    this.#start = start;
    this.#images = images;
    this.#digests = new Array(width);
  }

  add(image: number, block: number, digest: Uint8Array): void {
    const index = block - this.#start;
    let digests = this.#digests[index];
    if (digests === undefined) {
      digests = new Map();
      this.#digests[index] = digests;
    }
    const key = Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString('latin1');
    const images = digests.get(key);
    if (images === undefined) {
      digests.set(key, [image]);
    } else {
      images.push(image);
    }
  }

  *patterns(): Generator<{ readonly block: number; readonly labels: Uint16Array; readonly shared: number }> {
    for (const [index, digests] of this.#digests.entries()) {
      if (digests === undefined) {
        continue;
      }
      const labels = new Uint16Array(this.#images);
      let shared = 0;
      for (const images of digests.values()) {
        const label = images.length === 1 ? UNIQUE : ++shared;
        for (const image of images) {
          labels[image] = label;
        }
      }
      yield { block: this.#start + index, labels, shared };
    }
  }
}
