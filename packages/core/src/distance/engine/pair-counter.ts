import type { SharedCounts } from './comparison.js';
import type { PairKernel } from './pair-kernel.js';

/** Adds what the kernel counts, tile by tile of the pair matrix, to counts that other threads add to as well. */
export class PairCounter {
  readonly #kernel: PairKernel;
  readonly #vectors: number;
  readonly #shared: SharedCounts;
  readonly #tile: number;

  constructor(kernel: PairKernel, vectors: number, shared: SharedCounts) {
    this.#kernel = kernel;
    this.#vectors = vectors;
    this.#shared = shared;
    this.#tile = kernel.TILE.value;
  }

  /**
   * Counts all pairs in the rows that the kernel holds. Yields, for each band of tiles, the share of the pairs that
   * it was, so that the caller can tell how far it is, or stop.
   */
  *countWindow(): Generator<number, void, undefined> {
    const kernel = this.#kernel;
    const size = this.#vectors;
    const pairs = Math.max(1, (size * (size - 1)) / 2);
    const extent = [
      kernel.byteLabelsEnd(),
      kernel.wideLabelsStart(),
      kernel.wideLabelsEnd(),
      kernel.bitRowEnd(),
    ] as const;
    for (let first = 0; first < size; first += this.#tile) {
      const firstEnd = Math.min(first + this.#tile, size);
      for (let second = first; second < size; second += this.#tile) {
        const secondEnd = Math.min(second + this.#tile, size);
        kernel.countTile(first, firstEnd, second, secondEnd, ...extent);
        this.#addTile(first, firstEnd, second, secondEnd);
      }
      yield ((firstEnd - first) * (2 * size - first - firstEnd - 1)) / 2 / pairs;
    }
  }

  #addTile(first: number, firstEnd: number, second: number, secondEnd: number): void {
    const { equal, common } = this.#shared;
    const { memory } = this.#kernel;
    const tile = this.#tile;
    const equalHere = new Uint32Array(memory.buffer, this.#kernel.equalCountsAt(), tile * tile);
    const commonHere = new Uint32Array(memory.buffer, this.#kernel.commonCountsAt(), tile * tile);
    for (let a = first; a < firstEnd; a++) {
      const beforeRow = a * this.#vectors - (a * (a + 1)) / 2 - a - 1;
      const place = (a - first) * tile - second;
      for (let b = Math.max(second, a + 1); b < secondEnd; b++) {
        // Most pairs have nothing in common here and there, and an atomic addition costs more than a look.
        if (equalHere[place + b] !== 0) Atomics.add(equal, beforeRow + b, equalHere[place + b]!);
        if (commonHere[place + b] !== 0) Atomics.add(common, beforeRow + b, commonHere[place + b]!);
      }
    }
  }
}
