import type { Holes } from './raw-map.js';

export const HOLE_LIST_DEFAULTS = { maxHoles: 262_144 } as const;

/**
 * Collects at most `maxHoles` holes of a file, in 16 bytes each. When the list is full, the shortest holes are dropped;
 * their bytes, which are zeros, are then read like data.
 */
export class HoleList {
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  #count = 0;
  /** The minimum length of a hole in bytes. */
  #minLength = 1;

  constructor(maxHoles: number = HOLE_LIST_DEFAULTS.maxHoles) {
    // The system provides no memory for pages that are never written to.
    this.#starts = new Float64Array(maxHoles);
    this.#ends = new Float64Array(maxHoles);
  }

  /**
   * Adds the hole from byte `start` to byte `end` (exclusive). Holes must arrive in ascending order. A hole that begins
   * where the last hole of the list ends extends that hole. Any other hole is dropped if it is shorter than the minimum
   * length, which grows each time that the list is full.
   */
  add(start: number, end: number): void {
    const last = this.#count - 1;
    if (last >= 0 && this.#ends[last] === start) {
      this.#ends[last] = end;
      return;
    }
    if (end - start < this.#minLength) {
      return;
    }
    while (this.#count === this.#starts.length) {
      this.#minLength *= 2;
      this.#dropShort();
      if (end - start < this.#minLength) {
        return;
      }
    }
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#count += 1;
  }

  /** Returns a copy of the holes collected so far, without spare memory. */
  toHoles(): Holes {
    return { starts: this.#starts.slice(0, this.#count), ends: this.#ends.slice(0, this.#count) };
  }

  #dropShort(): void {
    let kept = 0;
    for (let hole = 0; hole < this.#count; hole += 1) {
      const [start, end] = [this.#starts[hole]!, this.#ends[hole]!];
      if (end - start >= this.#minLength) {
        this.#starts[kept] = start;
        this.#ends[kept] = end;
        kept += 1;
      }
    }
    this.#count = kept;
  }
}
