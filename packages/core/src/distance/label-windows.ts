import { throwIfAborted } from '../errors.js';
import { blockCountOf } from '../hash-vectors/check-header.js';
import type { HashVector } from '../hash-vectors/hash-vector.js';
import { DigestTable } from './digest-table.js';
import { RowCursor } from './row-cursor.js';

/** The label of a zero block. */
export const LABEL_ZERO = 0;
/** The label of a block whose digest no other vector has at that block number. */
export const LABEL_UNIQUE = 1;
/** From here on, blocks at one position are equal exactly if their labels are. */
export const LABEL_SHARED = 2;

/**
 * Digests looked at in one window, over all vectors: bounds the memory, whatever the disks' size, and how long an
 * interruption waits (some 0.2 s). Four times as many take longer, as they leave the processor's caches.
 */
const WINDOW_ROWS = 2 ** 18;

/**
 * Vectors up to which one byte holds every label: a shared label takes at least two vectors. Two bytes suffice for
 * 131,068 vectors, whose matrix would take 68 GB.
 */
const ONE_BYTE_VECTORS = 2 * (256 - LABEL_SHARED);

/** Consecutive block numbers of all vectors, with each digest reduced to a label. */
export interface LabelWindow {
  /** Labels by block number from the window's first on, one array for each vector; reused by the next window. */
  readonly labels: readonly (Uint8Array | Uint16Array)[];
  /** How far this window's end is through the blocks, from 0 to 1. */
  readonly fraction: number;
}

/**
 * Walks the block numbers of all vectors in step. At one position, blocks have the same label from
 * {@link LABEL_SHARED} on exactly if they have the same digest.
 * Memory: about 2¹⁸ digests and labels, and one batch of rows of each vector.
 */
export async function* labelWindows(vectors: readonly HashVector[], signal?: AbortSignal): AsyncGenerator<LabelWindow> {
  const blocks = Math.max(...vectors.map(blockCountOf));
  const width = Math.max(64, Math.min(blocks, Math.floor(WINDOW_ROWS / vectors.length)));
  const LabelArray = vectors.length <= ONE_BYTE_VECTORS ? Uint8Array : Uint16Array;
  const labels = vectors.map(() => new LabelArray(width));
  const cursors = vectors.map((vector) => new RowCursor(vector));
  const labeller = new Labeller(vectors[0]!.digestLength, width);
  try {
    for (let start = 0; ; start += width) {
      throwIfAborted(signal);
      // Where no vector has a row there is nothing to count: a thin disk takes the time that its data take.
      start = Math.max(start, await nextBlockOf(cursors));
      if (start >= blocks) break;
      labeller.startWindow(start);
      for (const [index, cursor] of cursors.entries()) {
        labels[index]!.fill(LABEL_ZERO);
        await cursor.takeBelow(start + width, (block, digests, offset) => {
          labeller.label(labels[index]!, block, digests, offset);
        });
      }
      yield { labels, fraction: Math.min(1, (start + width) / blocks) };
    }
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

/** The first block number that any cursor has still to come to; infinity at the end of all. */
async function nextBlockOf(cursors: readonly RowCursor[]): Promise<number> {
  let next = Number.POSITIVE_INFINITY;
  for (const cursor of cursors) next = Math.min(next, await cursor.nextBlock());
  return next;
}

/** Gives out labels within one window: a digest is unique until it is seen again at the same block number. */
class Labeller {
  readonly #table: DigestTable;
  /** The label of each entry of the table. */
  #labelOfEntry: Uint16Array;
  /** The labels in which each entry was first seen. */
  readonly #firstSeenIn: (Uint8Array | Uint16Array)[] = [];
  /** The next shared label at each position. */
  readonly #next: Uint16Array;
  #start = 0;

  constructor(digestLength: number, width: number) {
    this.#table = new DigestTable(digestLength, width);
    this.#labelOfEntry = new Uint16Array(width);
    this.#next = new Uint16Array(width);
  }

  startWindow(start: number): void {
    this.#start = start;
    this.#table.clear();
    this.#next.fill(LABEL_SHARED);
  }

  label(labels: Uint8Array | Uint16Array, block: number, digests: Uint8Array, offset: number): void {
    const position = block - this.#start;
    const known = this.#table.size;
    const entry = this.#table.number(block, digests, offset);
    if (entry === known) {
      this.#remember(entry, labels);
      labels[position] = LABEL_UNIQUE;
      return;
    }
    if (this.#labelOfEntry[entry] === LABEL_UNIQUE) {
      const label = this.#next[position]!++;
      this.#labelOfEntry[entry] = label;
      this.#firstSeenIn[entry]![position] = label;
    }
    labels[position] = this.#labelOfEntry[entry]!;
  }

  #remember(entry: number, labels: Uint8Array | Uint16Array): void {
    if (entry === this.#labelOfEntry.length) {
      const grown = new Uint16Array(entry * 2);
      grown.set(this.#labelOfEntry);
      this.#labelOfEntry = grown;
    }
    this.#labelOfEntry[entry] = LABEL_UNIQUE;
    this.#firstSeenIn[entry] = labels;
  }
}
