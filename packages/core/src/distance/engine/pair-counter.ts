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

  #addTile(first: number, firstEnd: number, second: number, secondEnd: number): void {
    const { equal, common } = this.#sums;
    if (equal) this.#addCounts(this.#kernel.equalCountsAt(), equal, first, firstEnd, second, secondEnd);
    this.#addCounts(this.#kernel.commonCountsAt(), common, first, firstEnd, second, secondEnd);
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
      for (let b = Math.max(second, a + 1); b < secondEnd; b++) {
        const count = counts[place + b]!;
        // Most pairs have nothing in common here and there, and an atomic addition costs more than a look.
        if (count !== 0) Atomics.add(sums, beforeRow + b, count);
      }
    }
  }
}

/** Where the pair first < second of so many vectors stands in a condensed array. */
export function pairIndex(size: number, first: number, second: number): number {
  return first * size - (first * (first + 1)) / 2 + second - first - 1;
}
