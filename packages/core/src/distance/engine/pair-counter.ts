import type { PairKernel } from './pair-kernel.js';

/** How far the kernel's rows are filled, in bytes. */
export interface RowExtent {
  readonly byteLabels: number;
  readonly wideFrom: number;
  readonly wideTo: number;
  readonly bits: number;
}

/** Where the counts of all pairs are added to, condensed, in shared memory. */
export interface PairSums {
  /** For equal labels; absent where rows have none. */
  readonly equal?: Uint32Array;
  /** For bits that both have. */
  readonly common: Uint32Array;
  /** One number for each vector, in shared memory: 1 while a thread adds to the pairs of tiles that begin with it. */
  readonly locks: Int32Array;
}

/** Adds what the kernel counts, tile by tile of the pair matrix, to counts that other threads add to as well. */
export class PairCounter {
  readonly #kernel: PairKernel;
  readonly #vectors: number;
  readonly #sums: PairSums;
  readonly #tile: number;

  constructor(kernel: PairKernel, vectors: number, sums: PairSums) {
    this.#kernel = kernel;
    this.#vectors = vectors;
    this.#sums = sums;
    this.#tile = kernel.TILE.value;
  }

  /**
   * Counts all pairs in the rows that the kernel holds. Yields, for each band of tiles, the share of the pairs that
   * it was, so that the caller can tell how far it is, or stop.
   */
  *countRows({ byteLabels, wideFrom, wideTo, bits }: RowExtent): Generator<number, void, undefined> {
    const kernel = this.#kernel;
    const size = this.#vectors;
    const pairs = Math.max(1, (size * (size - 1)) / 2);
    for (let first = 0; first < size; first += this.#tile) {
      const firstEnd = Math.min(first + this.#tile, size);
      for (let second = first; second < size; second += this.#tile) {
        const secondEnd = Math.min(second + this.#tile, size);
        kernel.countTile(first, firstEnd, second, secondEnd, byteLabels, wideFrom, wideTo, bits);
        this.#addTile(first, firstEnd, second, secondEnd);
      }
      yield ((firstEnd - first) * (2 * size - first - firstEnd - 1)) / 2 / pairs;
    }
  }

  /** Adds to the common count of a pair, first < second. */
  add(first: number, second: number, count: number): void {
    this.#locked(first - (first % this.#tile), () => {
      this.#sums.common[pairIndex(this.#vectors, first, second)]! += count;
    });
  }

  #addTile(first: number, firstEnd: number, second: number, secondEnd: number): void {
    const { equal, common } = this.#sums;
    this.#locked(first, () => {
      if (equal) this.#addCounts(this.#kernel.equalCountsAt(), equal, first, firstEnd, second, secondEnd);
      this.#addCounts(this.#kernel.commonCountsAt(), common, first, firstEnd, second, secondEnd);
    });
  }

  /** With a lock for many additions these need not be atomic, which would make them several times slower. */
  #locked(tile: number, add: () => void): void {
    const { locks } = this.#sums;
    while (Atomics.compareExchange(locks, tile, 0, 1) !== 0) Atomics.wait(locks, tile, 1);
    add();
    Atomics.store(locks, tile, 0);
    Atomics.notify(locks, tile, 1);
  }

  #addCounts(
    address: number,
    sums: Uint32Array,
    first: number,
    firstEnd: number,
    second: number,
    secondEnd: number,
  ): void {
    const tile = this.#tile;
    const counts = new Uint32Array(this.#kernel.memory.buffer, address, tile * tile);
    for (let a = first; a < firstEnd; a++) {
      const beforeRow = pairIndex(this.#vectors, a, 0);
      const place = (a - first) * tile - second;
      for (let b = Math.max(second, a + 1); b < secondEnd; b++) sums[beforeRow + b]! += counts[place + b]!;
    }
  }
}

/** Where the pair first < second of so many vectors stands in a condensed array. */
export function pairIndex(size: number, first: number, second: number): number {
  return first * size - (first * (first + 1)) / 2 + second - first - 1;
}
