import type { ComparisonLimits, PositionalComparison } from './comparison.js';
import { PairCounter, type RowExtent } from './pair-counter.js';
import { instantiateKernel, type PairKernel } from './pair-kernel.js';
import { firstProbeSlot, probesAtOnce, type Span, slotsOf } from './pair-set.js';
import { RowCursor } from './row-cursor.js';
import type { RowSource } from './row-source.js';
import { rowsOf, type StoredVector } from './stored-vectors.js';

/** Bytes of a label row: more do not make the kernel faster. */
const LONGEST_ROW = 16_384;
/** Rows of a vector in a slice, on average: the distinct digests of a slice should stand in the second-level cache. */
const ROWS_PER_SLICE = 1024;
/** So many digests in a slice are always possible: a few vectors can have more rows in it, of which more are read at a time. */
const DIGESTS_PER_SLICE = 8192;
/** Positions of a slice of thin disks, for each of these rows. */
const POSITIONS_PER_ROW = 4;
/** Digests at positions where the build side has no data that are read rather than begin another read after them. */
const WIDEST_GAP = 128;

/**
 * Reads slices of block numbers of all vectors, and has the kernel label and count them. There are slices only where the
 * build side has data; of the probe side, nothing else is read.
 */
export class SliceLabeller {
  readonly #comparison: PositionalComparison;
  readonly #sources: readonly RowSource[];
  readonly #kernel: PairKernel;
  readonly #counter: PairCounter;
  readonly #width: number;
  readonly #digestLength: number;
  /** Rows taken since the last window was counted. */
  #rows = 0;

  constructor(comparison: PositionalComparison, sources: readonly RowSource[]) {
    const { vectors, pairs, limits, counts, locks } = comparison;
    this.#comparison = comparison;
    this.#sources = sources;
    this.#kernel = instantiateKernel();
    this.#digestLength = vectors[0]!.digestLength;
    this.#width = sliceWidth(limits, vectors.slice(0, pairs.build));
    const labelBytes = rowBytes(limits, slotsOf(pairs));
    this.#kernel.configure(pairs.build, probesAtOnce(pairs), this.#digestLength, this.#width, labelBytes);
    this.#counter = new PairCounter(this.#kernel, pairs, { ...counts, locks });
  }

  /** Compares one range, with these vectors of the probe side, in steps of some milliseconds. */
  *count(range: number, probes: Span): Generator<void, void, undefined> {
    const { bounds, pairs } = this.#comparison;
    const rangeEnd = bounds[range + 1]!;
    const builders = this.#cursorsOf(range, { first: 0, end: pairs.build }, 0);
    const probers = this.#cursorsOf(range, probes, firstProbeSlot(pairs));
    this.#kernel.startWindow();
    for (;;) {
      const start = builders.reduce((lowest, { nextBlock }) => Math.min(lowest, nextBlock), Number.POSITIVE_INFINITY);
      if (start === Number.POSITIVE_INFINITY) break;
      const end = Math.min(start + this.#width, rangeEnd);
      this.#kernel.startSlice();
      yield* this.#labelSlice(builders, start, end, this.#buildRows);
      const dataEnd = builders.reduce((last, { lastBlock }) => Math.max(last, lastBlock + 1), start);
      yield* this.#labelSlice(probers, start, dataEnd, this.#probeRows);
      yield* this.#appendLabels(probes);
    }
    yield* this.#countWindow(probes);
    this.#addRepeated();
    this.#advance(2 * probers.reduce((rows, cursor) => rows + cursor.rows, 0));
  }

  #cursorsOf(range: number, { first, end }: Span, slot: number): RowCursor[] {
    const { vectors, bounds, firstRows } = this.#comparison;
    const size = vectors.length;
    return this.#sources.slice(first, end).map((source, index) => {
      const vector = first + index;
      return new RowCursor(slot + index, {
        source,
        row: firstRows[range * size + vector]!,
        end: firstRows[(range + 1) * size + vector]!,
        firstBlock: bounds[range]!,
        limit: Math.min(vectors[vector]!.blocks, bounds[range + 1]!),
      });
    });
  }

  /** Reads and labels one vector after the other: what was read is looked up while it stands in the processor's cache. */
  *#labelSlice(
    cursors: readonly RowCursor[],
    start: number,
    end: number,
    label: (cursor: RowCursor, start: number, end: number) => number,
  ): Generator<void, void, undefined> {
    for (const cursor of cursors) {
      if (cursor.nextBlock >= end) continue;
      cursor.source.open();
      try {
        const taken = label.call(this, cursor, start, end);
        this.#rows += taken;
        this.#advance(taken);
      } finally {
        cursor.source.close();
      }
      yield;
    }
  }

  #buildRows(cursor: RowCursor, start: number, end: number): number {
    const taken = cursor.takeRows(this.#kernel, start, end);
    if (taken > 0) this.#labelDigests(cursor, { first: 0, end: taken }, taken, start);
    return taken;
  }

  #probeRows(cursor: RowCursor, start: number, end: number): number {
    const kernel = this.#kernel;
    this.#advance(2 * cursor.skipTo(start));
    const taken = cursor.takeRows(kernel, start, end);
    for (let first = kernel.overlapStart(0, taken, start); first < taken; ) {
      const overlap = { first, end: kernel.overlapEnd(first, taken, start, WIDEST_GAP) };
      this.#labelDigests(cursor, overlap, taken, start);
      first = kernel.overlapStart(overlap.end, taken, start);
    }
    return taken;
  }

  /** Reads and labels some of the last `taken` rows. */
  #labelDigests(cursor: RowCursor, { first, end }: Span, taken: number, start: number): void {
    const kernel = this.#kernel;
    const rows = end - first;
    const digests = new Uint8Array(kernel.memory.buffer, kernel.digestsAt(), rows * this.#digestLength);
    cursor.readDigests(digests, taken, first);
    kernel.labelRows(cursor.slot, first, rows, start);
  }

  *#appendLabels(probes: Span): Generator<void, void, undefined> {
    let position = this.#kernel.appendLabels(0);
    while (position < this.#width) {
      yield* this.#countWindow(probes);
      this.#kernel.startWindow();
      position = this.#kernel.appendLabels(position);
    }
    yield;
  }

  *#countWindow(probes: Span): Generator<void, void, undefined> {
    let share = 0;
    let told = 0;
    const kernel = this.#kernel;
    const extent: RowExtent = {
      byteLabels: kernel.byteLabelsEnd(),
      wideFrom: kernel.wideLabelsStart(),
      wideTo: kernel.wideLabelsEnd(),
      bits: kernel.bitRowEnd(),
    };
    for (const counted of this.#counter.countRows(extent, probes)) {
      share += counted;
      const rows = Math.floor(share * this.#rows);
      this.#advance(rows - told);
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

  #advance(units: number): void {
    Atomics.add(this.#comparison.progress, 0, BigInt(units));
  }
}

/** Positions of a slice, such that all digests would be within the limit if none were equal. */
function sliceWidth({ digestBytes }: ComparisonLimits, vectors: readonly StoredVector[]): number {
  const fitting = Math.floor(digestBytes / (vectors.length * vectors[0]!.digestLength));
  const blocks = vectors.reduce((sum, vector) => sum + vector.blocks, 0);
  const rows = Math.max(ROWS_PER_SLICE, Math.floor(DIGESTS_PER_SLICE / vectors.length));
  const wide = Math.min(POSITIONS_PER_ROW * rows, Math.ceil(rows * (blocks / Math.max(1, rowsOf(vectors)))));
  return Math.max(16, Math.min(wide, fitting) & ~15);
}

/** Bytes of a label row, such that two planes of all vectors are within the limit; most often its positions too. */
export function rowBytes({ labelBytes }: ComparisonLimits, vectors: number): number {
  const fitting = Math.floor(labelBytes / (2 * vectors));
  return Math.max(128, Math.min(LONGEST_ROW, fitting) & ~63);
}
