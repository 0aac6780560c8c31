import type { Extent } from '@virt-similarity/core';

/** The extents of a whole disk, to be looked up by position. */
export class ExtentIndex {
  readonly #extents: readonly Extent[];

  /** Takes ascending, gapless extents from position 0 on. */
  constructor(extents: readonly Extent[]) {
    this.#extents = extents;
  }

  /** The parts of extents that lie from `start` to `end`, ascending; `stored` counts from each part's start. */
  *between(start: number, end: number): Generator<Extent, void> {
    for (let number = this.#numberAt(start); number < this.#extents.length; number += 1) {
      const extent = this.#extents[number]!;
      if (extent.start >= end) {
        return;
      }
      const partStart = Math.max(start, extent.start);
      const partEnd = Math.min(end, extent.start + extent.length);
      if (partStart < partEnd) {
        yield part(extent, partStart, partEnd);
      }
    }
  }

  /** Number of the last extent that begins at or before a position. */
  #numberAt(position: number): number {
    let low = 0;
    let high = this.#extents.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#extents[middle]!.start <= position) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}

function part(extent: Extent, start: number, end: number): Extent {
  const length = end - start;
  if (extent.kind === 'zero' || extent.stored === undefined) {
    return { ...extent, start, length };
  }
  const { layer, offset } = extent.stored;
  return { ...extent, start, length, stored: { layer, offset: offset + start - extent.start } };
}
