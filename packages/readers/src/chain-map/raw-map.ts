import { partitionPoint } from '@virt-similarity/core';
import type { LayerMap, LayerRun } from './layer-map.js';
import { RUNS_PER_BYTE } from './runs-per-byte.js';

/** The map of a raw image: everything is stored except its holes. */
export class RawMap implements LayerMap {
  readonly size: number;
  readonly runsPerByte = RUNS_PER_BYTE;
  readonly #holes: Holes;

  /**
   * @param size bytes of the image
   * @param holes positions count from the beginning of the image
   */
  constructor(size: number, holes: Holes) {
    this.size = size;
    this.#holes = holes;
  }

  runAt(position: number, end: number): LayerRun & { readonly kind: 'stored' | 'zero' } {
    const { starts, ends } = this.#holes;
    const hole = partitionPoint(ends, (holeEnd) => holeEnd <= position);
    const start = starts[hole] ?? Infinity;
    if (start > position) {
      return { kind: 'stored', length: Math.min(start, end) - position, offset: position };
    }
    return { kind: 'zero', length: Math.min(ends[hole]!, end) - position };
  }
}

/**
 * The holes of a file, in ascending order: hole `i` extends from byte `starts[i]` to byte `ends[i]` (exclusive). No
 * hole touches the next.
 */
export interface Holes {
  readonly starts: ArrayLike<number>;
  readonly ends: ArrayLike<number>;
}

export const NO_HOLES: Holes = { starts: [], ends: [] };
