import type { PositionalComparison, PositionalTask } from './comparison.js';
import { firstRowFrom } from './first-row.js';
import type { Span } from './pair-set.js';
import type { RowSource } from './row-source.js';
import { SliceLabeller } from './slice-labeller.js';
import { rowSourceOf } from './stored-vectors.js';

/**
 * The work of one thread that compares vectors by position: finds the first rows of ranges, then labels the rows of
 * each range and counts equal and common blocks.
 */
export class PositionThread {
  readonly #comparison: PositionalComparison;
  readonly #sources: readonly RowSource[];
  readonly #size: number;
  #slices: SliceLabeller | undefined;

  constructor(comparison: PositionalComparison) {
    this.#comparison = comparison;
    this.#sources = comparison.vectors.map(rowSourceOf);
    this.#size = comparison.vectors.length;
  }

  /** Runs a task in short steps. Counts are incomplete until the generator is exhausted. */
  run(task: PositionalTask): Generator<void, void, undefined> {
    return task.kind === 'locate' ? this.#locate(task.first, task.end) : this.#count(task.range, task.probes);
  }

  /** Finds the first row of every range for the vectors `first` to `end` − 1. */
  *#locate(first: number, end: number): Generator<void, void, undefined> {
    const { vectors, bounds, firstRows } = this.#comparison;
    for (let vector = first; vector < end; vector++) {
      const source = this.#sources[vector]!;
      const { dataBlocks } = vectors[vector]!;
      source.open();
      try {
        let row = 0;
        for (const [bound, block] of bounds.entries()) {
          const last = bound === bounds.length - 1;
          row = bound === 0 ? 0 : last ? dataBlocks : firstRowFrom(source, block, row, dataBlocks);
          firstRows[bound * this.#size + vector] = row;
        }
      } finally {
        source.close();
      }
      yield;
    }
  }

  *#count(range: number, probes: Span): Generator<void, void, undefined> {
    this.#slices ??= new SliceLabeller(this.#comparison, this.#sources);
    yield* this.#slices.count(range, probes);
  }
}
