import type { Holes } from './raw-map.js';

export const HOLE_LIST_DEFAULTS = { maxHoles: 262_144 } as const;

/**
 * Collects the holes of a file, in 16 bytes each, and at most `maxHoles` of them. When they become too many, the shortest
 * are dropped: those are read as the zeros that they are.
 */
export class HoleList {
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  #count = 0;
  /** Bytes. Shorter holes are dropped. */
  #leastLength = 1;

  constructor(maxHoles: number = HOLE_LIST_DEFAULTS.maxHoles) {
    // Memory that is never written to is never taken from the system.
    this.#starts = new Float64Array(maxHoles);
    this.#ends = new Float64Array(maxHoles);
  }

  /** Adds a hole. Holes come in ascending order; one that touches the hole before it becomes part of it. */
  add(start: number, end: number): void {
    const last = this.#count - 1;
    if (last >= 0 && this.#ends[last] === start) {
      this.#ends[last] = end;
      return;
    }
    if (end - start < this.#leastLength) {
      return;
    }
    while (this.#count === this.#starts.length) {
      this.#leastLength *= 2;
      this.#dropShort();
      if (end - start < this.#leastLength) {
        return;
      }
    }
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#count += 1;
  }

  /** The holes so far, in memory of just their number. */
  toHoles(): Holes {
    return { starts: this.#starts.slice(0, this.#count), ends: this.#ends.slice(0, this.#count) };
  }

  #dropShort(): void {
    let kept = 0;
    for (let hole = 0; hole < this.#count; hole += 1) {
      const [start, end] = [this.#starts[hole]!, this.#ends[hole]!];
      if (end - start >= this.#leastLength) {
        this.#starts[kept] = start;
        this.#ends[kept] = end;
        kept += 1;
      }
    }
    this.#count = kept;
  }
}
