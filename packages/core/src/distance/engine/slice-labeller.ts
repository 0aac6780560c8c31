import type { ComparisonLimits, PositionalComparison } from './comparison.js';
import { PairCounter, type RowExtent } from './pair-counter.js';
import { instantiateKernel, type PairKernel } from './pair-kernel.js';
import { firstProbeSlot, probesAtOnce, type Span, slotsOf } from './pair-set.js';
import { RowCursor } from './row-cursor.js';
import type { RowSource } from './row-source.js';
import { rowsOf, type StoredVector } from './stored-vectors.js';

/** The most bytes of a label row. Longer rows would not make the kernel faster. */
const LONGEST_ROW = 16_384;
/**
 * The intended average number of rows per vector in a slice. The distinct digests of a slice should fit in the
 * second-level cache.
 */
const ROWS_PER_SLICE = 1024;
/**
 * The intended number of digests in a slice if there are few vectors. Each vector then has more rows in a slice, so that
 * fewer, larger reads are needed.
 */
const DIGESTS_PER_SLICE = 8192;
/** The most positions of a slice, as a multiple of the rows per vector; reached with sparse disks. */
const POSITIONS_PER_ROW = 4;
/** The widest gap in the data of the build side, in positions, that a read of the probe side's digests includes. */
const WIDEST_GAP = 128;

/**
 * Reads the rows of the build side, and of some vectors of the probe side, in slices of block numbers, and lets the
 * kernel label and count them. A slice begins at the lowest block number at which the build side may still have data.
 * Digests of the probe side are read only near block numbers at which the build side has data.
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

  /**
   * In one range of block numbers, compares the blocks of the build side with those of `probes`. If there is no probe
   * side, compares the blocks of the build side with each other. Works in short steps.
   */
  *count(range: number, probes: Span): Generator<void, void, undefined> {
    const { bounds, pairs } = this.#comparison;
    const rangeEnd = bounds[range + 1]!;
    const buildCursors = this.#cursorsOf(range, { first: 0, end: pairs.build }, 0);
    const probeCursors = this.#cursorsOf(range, probes, firstProbeSlot(pairs));
    this.#kernel.startWindow();
    for (;;) {
      const start = buildCursors.reduce(
        (lowest, { nextBlock }) => Math.min(lowest, nextBlock),
        Number.POSITIVE_INFINITY,
      );
      if (start === Number.POSITIVE_INFINITY) {
        break;
      }
      const end = Math.min(start + this.#width, rangeEnd);
      this.#kernel.startSlice();
      yield* this.#labelSlice(buildCursors, start, [{ first: start, end }]);
      yield* this.#labelSlice(probeCursors, start, this.#segmentsFrom(start));
      yield* this.#appendLabels(probes);
    }
    yield* this.#countWindow(probes);
    this.#addRepeated();
    this.#advance(2 * probeCursors.reduce((rows, cursor) => rows + cursor.rows, 0));
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

  /** Returns the segments of the slice at `start` in which the build side has data, in ascending order. */
  #segmentsFrom(start: number): Span[] {
    const kernel = this.#kernel;
    const segments: Span[] = [];
    for (let position = kernel.segmentStart(0); position < this.#width; ) {
      const end = kernel.segmentEnd(position, WIDEST_GAP);
      segments.push({ first: start + position, end: start + end });
      position = kernel.segmentStart(end);
    }
    return segments;
  }

  /**
   * Reads and labels the rows in ascending segments of the slice at `start`. Processes one vector after the other, so
   * that rows are looked up while they are still in the processor's cache.
   */
  *#labelSlice(
    cursors: readonly RowCursor[],
    start: number,
    segments: readonly Span[],
  ): Generator<void, void, undefined> {
    const end = segments.at(-1)?.end ?? start;
    for (const cursor of cursors) {
      if (cursor.nextBlock >= end) {
        continue;
      }
      cursor.source.open();
      try {
        this.#labelRows(cursor, start, segments);
      } finally {
        cursor.source.close();
      }
      yield;
    }
  }

  #labelRows(cursor: RowCursor, start: number, segments: readonly Span[]): void {
    const kernel = this.#kernel;
    const whole = { first: segments[0]!.first, end: segments.at(-1)!.end };
    const skipped = cursor.skipTo(whole.first);
    const taken = cursor.takeRows(kernel, whole.first, whole.end);
    this.#rows += taken;
    this.#advance(2 * skipped + taken);
    for (const segment of segments) {
      const first = segment.first === whole.first ? 0 : kernel.rowsBelow(BigInt(segment.first), taken);
      const end = segment.end === whole.end ? taken : kernel.rowsBelow(BigInt(segment.end), taken);
      if (first < end) {
        this.#labelDigests(cursor, { first, end }, taken, start);
      }
    }
  }

  /** Reads and labels the rows from `first` to `end` − 1 of the last `taken` rows. */
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
    let reported = 0;
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
      this.#advance(rows - reported);
      reported = rows;
      yield;
    }
    this.#rows = 0;
  }

  #addRepeated(): void {
    const { repeated } = this.#comparison.counts;
    const counts = new Uint32Array(this.#kernel.memory.buffer, this.#kernel.repeatedAt(), repeated.length);
    for (const [vector, count] of counts.entries()) {
      Atomics.add(repeated, vector, count);
    }
    counts.fill(0);
  }

  #advance(units: number): void {
    Atomics.add(this.#comparison.progress, 0, BigInt(units));
  }
}

/**
 * Returns the number of positions of a slice: a multiple of 16, at least 16. If it is larger, the digests of the build
 * side are within the limit even if they are all distinct.
 */
function sliceWidth({ digestBytes }: ComparisonLimits, vectors: readonly StoredVector[]): number {
  const fitting = Math.floor(digestBytes / (vectors.length * vectors[0]!.digestLength));
  const blocks = vectors.reduce((sum, vector) => sum + vector.blocks, 0);
  const rows = Math.max(ROWS_PER_SLICE, Math.floor(DIGESTS_PER_SLICE / vectors.length));
  const wide = Math.min(POSITIONS_PER_ROW * rows, Math.ceil(rows * (blocks / Math.max(1, rowsOf(vectors)))));
  return Math.max(16, Math.min(wide, fitting) & ~15);
}

/**
 * Returns the size of a label row in bytes, which is about the number of its positions if labels have one byte. The size
 * is at least 128. If it is larger, two planes of label rows for all vectors are within the limit.
 */
export function rowBytes({ labelBytes }: ComparisonLimits, vectors: number): number {
  const fitting = Math.floor(labelBytes / (2 * vectors));
  return Math.max(128, Math.min(LONGEST_ROW, fitting) & ~63);
}
