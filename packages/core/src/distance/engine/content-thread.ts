import { VirtSimilarityError } from '../../errors.js';
import type { ComparisonLimits, ContentComparison, ContentTask } from './comparison.js';
import { PairCounter } from './pair-counter.js';
import { instantiateKernel, type PairKernel } from './pair-kernel.js';
import { firstProbeSlot, probesAtOnce, type Span, slotsOf } from './pair-set.js';
import type { RowSource } from './row-source.js';
import { rowSourceOf, rowsOf, type StoredVector } from './stored-vectors.js';

/** Bytes of digests to read at a time. They should still be in the second-level cache when they are looked up. */
const READ_BYTES = 128 * 1024;
/** Bytes that the kernel needs for an element, in addition to its digest. */
const ELEMENT_BYTES = 32;
/** The most hash bits that select a partition. */
const MOST_PARTITION_BITS = 24;
/** Progress units per row: a multiple of every possible number of partitions, which is always a power of two. */
export const UNITS_PER_ROW = 2 ** MOST_PARTITION_BITS;
/** The smallest capacity for elements: enough for one digest. */
const LEAST_ELEMENTS = 16;
/** Capacity for pairs of a frequent digest and a vector, in addition to one pair per vector. */
const FREQUENT_ONES = 4096;

/**
 * The work of one thread that compares contents (see `countContents`). For one partition of the digests at a time, the
 * thread numbers the elements that several vectors have, sets a bit for each vector that has such an element, and
 * counts the common bits of each pair. Elements that only the probe side has get no number.
 */
export class ContentThread {
  readonly #comparison: ContentComparison;
  readonly #sources: readonly RowSource[];
  readonly #kernel: PairKernel;
  readonly #counter: PairCounter;
  readonly #rowsAtOnce: number;
  readonly #digestLength: number;
  /** Progress units already reported for partitions that then had to be split. */
  #reportedAhead = 0n;

  constructor(comparison: ContentComparison) {
    const { alignment, vectors, pairs, limits, equal, locks } = comparison;
    const { digestLength } = vectors[0]!;
    this.#comparison = comparison;
    this.#sources = vectors.map(rowSourceOf);
    this.#kernel = instantiateKernel();
    this.#counter = new PairCounter(this.#kernel, pairs, { common: equal, locks });
    this.#digestLength = digestLength;
    this.#rowsAtOnce = Math.floor(READ_BYTES / digestLength);
    const elements = roomForElements(storedIn(comparison), limits);
    const slots = slotsOf(pairs);
    const columns = Math.max(128, Math.floor((limits.elementBytes * 8) / slots) & ~127);
    this.#kernel.configureElements(
      pairs.build,
      probesAtOnce(pairs),
      digestLength,
      this.#rowsAtOnce,
      elements,
      Math.min(columns, Math.max(128, elements)),
      slots + FREQUENT_ONES,
      alignment === 'distinct',
    );
  }

  /**
   * Runs a task in short steps. Splits a partition that does not fit.
   *
   * @throws `unavailable` if a partition cannot be made small enough, and what reading the vectors throws.
   */
  *run({ mask, value, probes }: ContentTask): Generator<void, void, undefined> {
    if (yield* this.#fill({ mask, value, probes })) {
      yield* this.#count(probes);
      return;
    }
    if (mask >= UNITS_PER_ROW - 1) {
      throw partitionTooLarge();
    }
    yield* this.run({ mask: mask * 2 + 1, value, probes });
    yield* this.run({ mask: mask * 2 + 1, value: value + mask + 1, probes });
  }

  /** Enters the digests of a partition. Returns whether all of them fit. */
  *#fill({ mask, value, probes }: ContentTask): Generator<void, boolean, undefined> {
    const units = BigInt(UNITS_PER_ROW / (mask + 1));
    let reported = 0n;
    this.#kernel.startPartition();
    for (const { slot, vector } of this.#slotsWith(probes)) {
      const source = this.#sources[vector]!;
      const { dataBlocks } = this.#comparison.vectors[vector]!;
      for (let row = 0; row < dataBlocks; row += this.#rowsAtOnce) {
        const rows = Math.min(this.#rowsAtOnce, dataBlocks - row);
        this.#read(source, row, rows);
        if (!this.#kernel.takeDigests(slot, rows, mask, value)) {
          this.#reportedAhead += reported;
          return false;
        }
        reported += units * BigInt(rows);
        this.#report(units * BigInt(rows));
        yield;
      }
    }
    return true;
  }

  /** Yields the vectors of the build side and those of `probes`, each with its slot in the kernel. */
  *#slotsWith({ first, end }: Span): Generator<{ slot: number; vector: number }, void, undefined> {
    const { pairs } = this.#comparison;
    for (let vector = 0; vector < pairs.build; vector++) {
      yield { slot: vector, vector };
    }
    const offset = firstProbeSlot(pairs) - first;
    for (let vector = first; vector < end; vector++) {
      yield { slot: vector + offset, vector };
    }
  }

  #read(source: RowSource, row: number, rows: number): void {
    const target = new Uint8Array(this.#kernel.memory.buffer, this.#kernel.inputAt(), rows * this.#digestLength);
    source.open();
    try {
      source.readDigests(target, row);
    } finally {
      source.close();
    }
  }

  #report(units: bigint): void {
    const known = units < this.#reportedAhead ? units : this.#reportedAhead;
    this.#reportedAhead -= known;
    Atomics.add(this.#comparison.progress, 0, units - known);
  }

  *#count(probes: Span): Generator<void, void, undefined> {
    this.#addDistinct(probes);
    const extent = { byteLabels: 0, wideFrom: 0, wideTo: 0, bits: this.#kernel.elementRowEnd() };
    for (const _ of this.#counter.countRows(extent, probes)) {
      yield;
    }
    for (const holders of this.#frequentDigests(probes)) {
      yield* this.#addFrequent(holders);
    }
  }

  /**
   * Adds the number of distinct digests of each vector to the shared counts. The digests of the build side are entered
   * again for each part of the probe side, but counted only with the first part.
   */
  #addDistinct(probes: Span): void {
    const { alignment, pairs, distinct } = this.#comparison;
    if (alignment !== 'distinct') {
      return;
    }
    const counts = new Uint32Array(this.#kernel.memory.buffer, this.#kernel.distinctAt());
    for (const { slot, vector } of this.#slotsWith(probes)) {
      if (vector >= pairs.build || probes.first === pairs.build) {
        Atomics.add(distinct, vector, counts[slot]!);
      }
    }
  }

  /** Returns the holders of every digest with occurrences that are not elements. */
  #frequentDigests(probes: Span): Iterable<readonly Holder[]> {
    const kernel = this.#kernel;
    const { pairs } = this.#comparison;
    const offset = probes.first - firstProbeSlot(pairs);
    const counts = new Uint32Array(kernel.memory.buffer, kernel.frequentAt(), kernel.frequentOnes() * 3);
    const digests = new Map<number, Holder[]>();
    for (let at = 0; at < counts.length; at += 3) {
      const slot = counts[at + 1]!;
      const holder = { vector: slot < pairs.build ? slot : slot + offset, times: counts[at + 2]! };
      const holders = digests.get(counts[at]!);
      if (holders) {
        holders.push(holder);
      } else {
        digests.set(counts[at]!, [holder]);
      }
    }
    return digests.values();
  }

  *#addFrequent(holders: readonly Holder[]): Generator<void, void, undefined> {
    const { build, probe } = this.#comparison.pairs;
    for (const [index, { vector, times }] of holders.entries()) {
      if (vector >= build) {
        return;
      }
      for (const other of holders.slice(index + 1)) {
        if (probe > 0 && other.vector < build) {
          continue;
        }
        this.#counter.add(vector, other.vector, Math.min(times, other.times));
      }
      yield;
    }
  }
}

/**
 * A vector, and how many occurrences of a certain digest in the vector are not elements. The holders of a digest are in
 * ascending order of vectors.
 */
interface Holder {
  readonly vector: number;
  readonly times: number;
}

/**
 * Returns the vectors whose digests are entered as elements: all if distinct digests are counted, else the build side.
 */
export function storedIn({
  alignment,
  vectors,
  pairs,
}: Pick<ContentComparison, 'alignment' | 'vectors' | 'pairs'>): readonly StoredVector[] {
  return alignment === 'distinct' ? vectors : vectors.slice(0, pairs.build);
}

/**
 * Returns the capacity for elements: a power of two, at least `LEAST_ELEMENTS`. A larger capacity is within the limit;
 * if the vectors have few rows, it is smaller than the limit allows.
 */
export function roomForElements(vectors: readonly StoredVector[], { elementBytes }: ComparisonLimits): number {
  const each = Math.ceil(vectors[0]!.digestLength / 16) * 16 + ELEMENT_BYTES;
  const within = 2 ** Math.floor(Math.log2(elementBytes / each));
  return Math.max(LEAST_ELEMENTS, Math.min(within, 2 ** Math.ceil(Math.log2(rowsOf(vectors) + LEAST_ELEMENTS))));
}

function partitionTooLarge(): VirtSimilarityError {
  const problem = `expected digests to spread over 2^${MOST_PARTITION_BITS} partitions, found too many in one`;
  return new VirtSimilarityError('unavailable', `cannot compare contents: ${problem}; choose a cryptographic hash`);
}
