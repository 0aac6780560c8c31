import type { ComparisonLimits, PositionalComparison } from './comparison.js';
import { PairCounter, type RowExtent } from './pair-counter.js';
import { instantiateKernel, type PairKernel } from './pair-kernel.js';
import type { RowSource } from './row-source.js';
import { rowsOf, type StoredVector } from './stored-vectors.js';

/** Bytes of a label row: more do not make the kernel faster. */
const LONGEST_ROW = 16_384;
/** Rows of a vector in a slice, on average: the distinct digests of a slice should stand in the second-level cache. */
const ROWS_PER_SLICE = 1024;
/** Positions of a slice of thin disks. */
const WIDEST_SLICE = 4096;

/** Where a vector stands in its range. */
interface Cursor {
  readonly source: RowSource;
  /** The first row not taken, and the end of those in the range. */
  row: number;
  readonly end: number;
  /** No row from `row` on has a block number below. */
  nextBlock: number;
  /** The end of the range or of the disk: block numbers are below. */
  readonly limit: number;
}

/** Reads slices of block numbers of all vectors, and has the kernel label and count them. */
export class SliceLabeller {
  readonly #comparison: PositionalComparison;
  readonly #sources: readonly RowSource[];
  readonly #kernel: PairKernel;
  readonly #counter: PairCounter;
  readonly #width: number;
  readonly #digestLength: number;
  /** Rows labelled since the last window was counted. */
  #rows = 0;

  constructor(comparison: PositionalComparison, sources: readonly RowSource[]) {
    const { vectors, limits, counts, locks } = comparison;
    this.#comparison = comparison;
    this.#sources = sources;
    this.#kernel = instantiateKernel();
    this.#digestLength = vectors[0]!.digestLength;
    this.#width = sliceWidth(limits, vectors);
    this.#kernel.configure(vectors.length, this.#digestLength, this.#width, rowBytes(limits, vectors.length));
    this.#counter = new PairCounter(this.#kernel, vectors.length, { ...counts, locks });
  }

  /** Compares one range, in steps of some milliseconds. */
  *count(range: number): Generator<void, void, undefined> {
    const end = this.#comparison.bounds[range + 1]!;
    const cursors = this.#cursorsOf(range);
    this.#kernel.startWindow();
    for (;;) {
      const start = cursors.reduce((lowest, { nextBlock }) => Math.min(lowest, nextBlock), Number.POSITIVE_INFINITY);
      if (start === Number.POSITIVE_INFINITY) break;
      yield* this.#labelSlice(cursors, start, Math.min(start + this.#width, end));
      yield* this.#appendLabels();
    }
    yield* this.#countWindow();
    this.#addRepeated();
  }

  #cursorsOf(range: number): Cursor[] {
    const { vectors, bounds, firstRows } = this.#comparison;
    const size = vectors.length;
    return this.#sources.map((source, vector) => {
      const row = firstRows[range * size + vector]!;
      const end = firstRows[(range + 1) * size + vector]!;
      const { blocks } = vectors[vector]!;
      const limit = Math.min(blocks, bounds[range + 1]!);
      return { source, row, end, limit, nextBlock: row < end ? bounds[range]! : Number.POSITIVE_INFINITY };
    });
  }

  /** Reads and labels one vector after the other: what was read is looked up while it stands in the processor's cache. */
  *#labelSlice(cursors: readonly Cursor[], start: number, end: number): Generator<void, void, undefined> {
    this.#kernel.startSlice();
    for (const [vector, cursor] of cursors.entries()) {
      if (cursor.nextBlock >= end) continue;
      cursor.source.open();
      try {
        this.#labelRows(vector, cursor, start, end);
      } finally {
        cursor.source.close();
      }
      yield;
    }
  }

  #labelRows(vector: number, cursor: Cursor, start: number, end: number): void {
    const kernel = this.#kernel;
    const { source, row } = cursor;
    const { buffer } = kernel.memory;
    const count = Math.min(cursor.end - row, end - start);
    source.readBlocks(new Uint8Array(buffer, kernel.blocksAt(), count * 4), row);
    const blocks = new Uint32Array(buffer, kernel.blocksAt(), count);
    const taken = kernel.takeRows(count, start, BigInt(end));
    if (taken < 0) throw wrongOrder(source, blocks, -1 - taken, row);
    cursor.row += taken;
    const isDone = cursor.row === cursor.end;
    const next = taken < count ? blocks[taken]! : end;
    const highest = isDone ? blocks[taken - 1]! : next;
    if (highest >= cursor.limit) {
      throw source.corrupt(`expected block numbers in ascending order below ${cursor.limit}, found ${highest}`);
    }
    cursor.nextBlock = isDone ? Number.POSITIVE_INFINITY : next;
    if (taken > 0) this.#labelDigests(vector, source, row, taken, start);
  }

  #labelDigests(vector: number, source: RowSource, row: number, rows: number, start: number): void {
    const kernel = this.#kernel;
    source.readDigests(new Uint8Array(kernel.memory.buffer, kernel.digestsAt(), rows * this.#digestLength), row);
    kernel.labelRows(vector, rows, start);
    this.#rows += rows;
    Atomics.add(this.#comparison.progress, 0, BigInt(rows));
  }

  *#appendLabels(): Generator<void, void, undefined> {
    let position = this.#kernel.appendLabels(0);
    while (position < this.#width) {
      yield* this.#countWindow();
      this.#kernel.startWindow();
      position = this.#kernel.appendLabels(position);
    }
    yield;
  }

  *#countWindow(): Generator<void, void, undefined> {
    let share = 0;
    let told = 0;
    const kernel = this.#kernel;
    const extent: RowExtent = {
      byteLabels: kernel.byteLabelsEnd(),
      wideFrom: kernel.wideLabelsStart(),
      wideTo: kernel.wideLabelsEnd(),
      bits: kernel.bitRowEnd(),
    };
    for (const counted of this.#counter.countRows(extent)) {
      share += counted;
      const rows = Math.floor(share * this.#rows);
      Atomics.add(this.#comparison.progress, 0, BigInt(rows - told));
      told = rows;
      yield;
    }
    this.#rows = 0;
  }

  #addRepeated(): void {
    const { repeated } = this.#comparison.counts;
    const here = new Uint32Array(this.#kernel.memory.buffer, this.#kernel.repeatedAt(), repeated.length);
    for (const [vector, count] of here.entries()) Atomics.add(repeated, vector, count);
    here.fill(0);
  }
}

/** Positions of a slice, such that all digests would be within the limit if none were equal. */
function sliceWidth({ digestBytes }: ComparisonLimits, vectors: readonly StoredVector[]): number {
  const fitting = Math.floor(digestBytes / (vectors.length * vectors[0]!.digestLength));
  const blocks = vectors.reduce((sum, vector) => sum + vector.blocks, 0);
  const wide = Math.min(WIDEST_SLICE, Math.ceil(ROWS_PER_SLICE * (blocks / Math.max(1, rowsOf(vectors)))));
  return Math.max(16, Math.min(wide, fitting) & ~15);
}

/** Bytes of a label row, such that two planes of all vectors are within the limit; most often its positions too. */
export function rowBytes({ labelBytes }: ComparisonLimits, vectors: number): number {
  const fitting = Math.floor(labelBytes / (2 * vectors));
  return Math.max(128, Math.min(LONGEST_ROW, fitting) & ~63);
}

function wrongOrder(source: RowSource, blocks: Uint32Array, row: number, firstRow: number): Error {
  const before = row === 0 ? '' : ` after ${blocks[row - 1]}`;
  return source.corrupt(
    `expected block numbers in ascending order, found ${blocks[row]}${before} in row ${firstRow + row}`,
  );
}
