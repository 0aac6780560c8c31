import type { PairKernel } from './pair-kernel.js';
import { firstProbeSlot, type PairSet, placesOf, type Span } from './pair-set.js';

/** How far the kernel's rows are filled, in bytes: the last four arguments of `countTile`. */
export interface RowExtent {
  readonly byteLabels: number;
  readonly wideFrom: number;
  readonly wideTo: number;
  readonly bits: number;
}

/** The sums to which threads add the counts of all pairs, in shared memory. */
export interface PairSums {
  /** Equal labels; absent if rows have no labels. */
  readonly equal?: Uint32Array;
  /** Common blocks of each pair: bits that are set in both rows, and what `add` adds. */
  readonly common: Uint32Array;
  /** One number per vector: 1 while a thread adds to the pairs of tiles whose `first` begins with that vector. */
  readonly locks: Int32Array;
}

/** A rectangle of the pair matrix. Each side has at most as many slots as the kernel counts at once. */
interface CountedTile {
  /** Slots of the build side, which are equal to the numbers of its vectors. */
  readonly first: Span;
  /** Slots of the probe side, or of the build side if there is no probe side. */
  readonly second: Span;
  /** The number to add to a slot in `second` to get the number of its vector. */
  readonly offset: number;
}

/** Adds the kernel's counts, tile by tile of the pair matrix, to sums to which other threads also add. */
export class PairCounter {
  readonly #kernel: PairKernel;
  readonly #pairs: PairSet;
  readonly #sums: PairSums;
  readonly #tile: number;

  constructor(kernel: PairKernel, pairs: PairSet, sums: PairSums) {
    this.#kernel = kernel;
    this.#pairs = pairs;
    this.#sums = sums;
    this.#tile = kernel.TILE.value;
  }

  /**
   * Counts the equal labels and common bits in the kernel's rows, for each pair of a vector of the build side with a
   * vector of `probes`, or for each pair within the build side if there is no probe side. After each band of tiles, yields the fraction of the pairs that the
   * band contains, so that the caller can report progress or stop.
   */
  *countRows({ byteLabels, wideFrom, wideTo, bits }: RowExtent, probes: Span): Generator<number, void, undefined> {
    const { build } = this.#pairs;
    for (let start = 0; start < build; start += this.#tile) {
      const first = { first: start, end: Math.min(start + this.#tile, build) };
      for (const tile of this.#tilesWith(first, probes)) {
        const { second } = tile;
        this.#kernel.countTile(first.first, first.end, second.first, second.end, byteLabels, wideFrom, wideTo, bits);
        this.#addTile(tile);
      }
      yield this.#shareOf(first);
    }
  }

  /** Adds `count` to the common blocks of a pair of vectors; `first` < `second`. */
  add(first: number, second: number, count: number): void {
    const { start, step } = placesOf(this.#pairs, first);
    this.#locked(first - (first % this.#tile), () => {
      this.#sums.common[start + second * step]! += count;
    });
  }

  *#tilesWith(first: Span, probes: Span): Generator<CountedTile, void, undefined> {
    const { build, probe } = this.#pairs;
    const slot = firstProbeSlot(this.#pairs);
    const offset = probe === 0 ? 0 : probes.first - slot;
    const end = probe === 0 ? build : probes.end - offset;
    for (let start = probe === 0 ? first.first : slot; start < end; start += this.#tile) {
      yield { first, second: { first: start, end: Math.min(start + this.#tile, end) }, offset };
    }
  }

  #shareOf({ first, end }: Span): number {
    const { build, probe } = this.#pairs;
    if (probe > 0) {
      return (end - first) / build;
    }
    return ((end - first) * (2 * build - first - end - 1)) / Math.max(2, build * (build - 1));
  }

  #addTile(tile: CountedTile): void {
    const { equal, common } = this.#sums;
    this.#locked(tile.first.first, () => {
      if (equal) {
        this.#addCounts(this.#kernel.equalCountsAt(), equal, tile);
      }
      this.#addCounts(this.#kernel.commonCountsAt(), common, tile);
    });
  }

  /** Holds a tile's lock during many additions, because atomic additions would be several times slower. */
  #locked(tile: number, add: () => void): void {
    const { locks } = this.#sums;
    while (Atomics.compareExchange(locks, tile, 0, 1) !== 0) {
      Atomics.wait(locks, tile, 1);
    }
    add();
    Atomics.store(locks, tile, 0);
    Atomics.notify(locks, tile, 1);
  }

  #addCounts(address: number, sums: Uint32Array, { first, second, offset }: CountedTile): void {
    const counts = new Uint32Array(this.#kernel.memory.buffer, address, this.#tile * this.#tile);
    for (let a = first.first; a < first.end; a++) {
      const { start, step } = placesOf(this.#pairs, a);
      const place = (a - first.first) * this.#tile - second.first;
      // Slots of the probe side come after all slots of the build side.
      for (let b = Math.max(second.first, a + 1); b < second.end; b++) {
        sums[start + (b + offset) * step]! += counts[place + b]!;
      }
    }
  }
}
