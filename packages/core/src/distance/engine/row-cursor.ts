import { firstRowFrom } from './first-row.js';
import type { PairKernel } from './pair-kernel.js';
import type { RowSource } from './row-source.js';

/** Where a cursor begins and ends. */
export interface CursorRange {
  readonly source: RowSource;
  /** The rows from `row` to `end` − 1. */
  readonly row: number;
  readonly end: number;
  /** Their block numbers are from `firstBlock` to `limit` − 1. */
  readonly firstBlock: number;
  readonly limit: number;
}

/** Takes the rows of one vector in a range of block numbers, in ascending order. Calls are made while its source is open. */
export class RowCursor {
  /** The kernel's slot of the vector. */
  readonly slot: number;
  readonly source: RowSource;
  readonly #end: number;
  readonly #limit: number;
  /** The first row that was neither taken nor skipped. */
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

  /** No row that is left has a block number below; infinity where none is left. */
  get nextBlock(): number {
    return this.#nextBlock;
  }

  /** Rows that are left. */
  get rows(): number {
    return this.#end - this.#row;
  }

  /** Skips the rows with block numbers below `block`; their order is not checked. Returns how many they are. */
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
   * Takes the rows with block numbers from `start` to `end` − 1, which are left in the kernel's memory. Returns how
   * many they are.
   *
   * @throws `corrupt` where block numbers do not ascend, or are past the range.
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

  /** Copies digests of the last `taken` rows: those from `first` on, as many as fill `target`. */
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
