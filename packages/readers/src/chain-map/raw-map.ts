import type { LayerMap, LayerRun } from './layer-map.js';

/** What a raw image holds where: everything but its holes. */
export class RawMap implements LayerMap {
  readonly size: number;
  readonly #holes: Holes;
  /** Number of the last hole that was looked at: runs are asked for in order. */
  #hole = 0;

  /** @param size Bytes of the file. */
  constructor(size: number, holes: Holes) {
    this.size = size;
    this.#holes = holes;
  }

  runAt(position: number, end: number): LayerRun {
    const { starts, ends } = this.#holes;
    if (this.#hole > 0 && ends[this.#hole - 1]! > position) {
      this.#hole = 0;
    }
    while (this.#hole < ends.length && ends[this.#hole]! <= position) {
      this.#hole += 1;
    }
    const start = starts[this.#hole] ?? Infinity;
    if (start > position) {
      return { kind: 'stored', length: Math.min(start, end) - position, offset: position };
    }
    return { kind: 'zero', length: Math.min(ends[this.#hole]!, end) - position };
  }
}

/** The holes of a file, ascending, none touching the next. Positions in bytes. */
export interface Holes {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

export const NO_HOLES: Holes = { starts: [], ends: [] };
