import { firstRowFrom } from './first-row.js';
import type { PairKernel } from './pair-kernel.js';
import type { RowSource } from './row-source.js';

/** The rows of a cursor: those from `row` to `end` − 1, whose block numbers are from `firstBlock` to `limit` − 1. */
export interface CursorRange {
  readonly source: RowSource;
  readonly row: number;
  readonly end: number;
  readonly firstBlock: number;
  readonly limit: number;
}

/**
 * Reads the rows of one vector in a range of block numbers, in ascending order. The source of the rows must be open
 * during calls of methods.
 */
export class RowCursor {
  /** The kernel's slot of the vector. */
  readonly slot: number;
  readonly source: RowSource;
  readonly #end: number;
  readonly #limit: number;
  /** The first row that remains, neither taken nor skipped. */
  #row: number;
  #nextBlock: number;

  constructor(slot: number, { source, row, end, firstBlock, limit }: CursorRange) {
    this.slot = slot;
    this.source = source;
    this.#row = row;
    this.#end = end;
    this.#limit = limit;
    this.#nextBlock = row < end ? firstBlock : Number.POSITIVE_INFINITY;
  }

  /** A lower bound of the remaining rows' block numbers; infinity if no row remains. */
  get nextBlock(): number {
    return this.#nextBlock;
  }

  /** The number of remaining rows. */
  get rows(): number {
    return this.#end - this.#row;
  }

  /**
   * Skips the rows with block numbers below `block`, without checking their order. Returns the number of skipped rows.
   */
  skipTo(block: number): number {
    const row = this.#row;
    const gap = block - this.#nextBlock;
    if (gap <= 0) {
      return 0;
    }
    this.#row = firstRowFrom(this.source, block, row, Math.min(this.#end, row + gap));
    this.#nextBlock = this.rows > 0 ? block : Number.POSITIVE_INFINITY;
    return this.#row - row;
  }

  /**
   * Takes the rows with block numbers from `start` to `end` − 1, and leaves the block numbers in the kernel's memory.
   * Returns how many rows were taken.
   *
   * @throws `corrupt` if block numbers do not ascend or are past the range, and what reading the rows throws.
   */
  takeRows(kernel: PairKernel, start: number, end: number): number {
    const { buffer } = kernel.memory;
    const count = Math.max(0, Math.min(this.rows, end - Math.max(start, this.#nextBlock)));
    if (count === 0) {
      return 0;
    }
    this.source.readBlocks(new Uint8Array(buffer, kernel.blocksAt(), count * 4), this.#row);
    const blocks = new Uint32Array(buffer, kernel.blocksAt(), count);
    const taken = kernel.takeRows(count, start, BigInt(end));
    if (taken < 0) {
      throw this.#wrongOrder(blocks, -1 - taken);
    }
    this.#row += taken;
    const next = taken < count ? blocks[taken]! : end;
    const highest = this.rows === 0 ? blocks[taken - 1]! : next;
    if (highest >= this.#limit) {
      throw this.source.corrupt(`expected block numbers in ascending order below ${this.#limit}, found ${highest}`);
    }
    this.#nextBlock = this.rows === 0 ? Number.POSITIVE_INFINITY : next;
    return taken;
  }

  /** Fills `target` with digests of the `taken` rows that were taken last, beginning with the row at index `first`. */
  readDigests(target: Uint8Array, taken: number, first: number): void {
    this.source.readDigests(target, this.#row - taken + first);
  }

  #wrongOrder(blocks: Uint32Array, row: number): Error {
    const before = row === 0 ? '' : ` after ${blocks[row - 1]}`;
    return this.source.corrupt(
      `expected block numbers in ascending order, found ${blocks[row]}${before} in row ${this.#row + row}`,
    );
  }
}
