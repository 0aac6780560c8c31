import type { RowSource } from '../distance/engine/row-source.js';
import { rowSourceOf, rowsOf, type StoredVector } from '../distance/engine/stored-vectors.js';
import { partitionPoint } from '../partition-point.js';
import { problemOfBlocks } from '../vectors/check-header.js';
import { type BuildKernel, instantiateBuildKernel, PAGE_BLOCKS, WINDOW_BLOCKS } from './index-kernels.js';
import { Turns } from './turns.js';

/** The most distinct pages of a window, as in packages/core/assembly/index-window.ts. */
const MOST_PAGES = 32_768;
/** The number of page numbers in the widest window. */
const WIDEST = WINDOW_BLOCKS / PAGE_BLOCKS;

/**
 * Yields the windows of an index of vectors. Reads the digest of each row once, and again if the window has to be made
 * narrower. Checks that block numbers ascend. Memory: up to 50 MiB, depending on the length of digests. The bytes of a
 * window are valid until the next window is requested.
 *
 * @param vectors at least one and at most 32,768, in memory or in local files
 * @throws `corrupt` if block numbers do not ascend or exceed the disk, whatever reading throws, `aborted`, and
 *   `unavailable` if memory cannot be allocated or the WebAssembly module is missing.
 */
export async function* buildWindows(
  vectors: readonly StoredVector[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const kernel = instantiateBuildKernel();
  kernel.configure(vectors.length, rowsOf(vectors), vectors[0]!.digestLength);
  const cursors = vectors.map((vector) => new Cursor(kernel, vector));
  const turns = new Turns(signal);
  let width = Math.min(WIDEST, Math.max(1, Math.floor(MOST_PAGES / vectors.length)));
  for (;;) {
    const block = cursors.reduce((lowest, { nextBlock }) => Math.min(lowest, nextBlock), Number.POSITIVE_INFINITY);
    if (block === Number.POSITIVE_INFINITY) {
      return;
    }
    const first = Math.floor(block / PAGE_BLOCKS);
    if (!(await fillWindow(kernel, cursors, { first, width }, turns))) {
      width = Math.max(1, Math.floor(width / 2));
      continue;
    }
    const bytes = kernel.finishWindow(first);
    yield new Uint8Array(kernel.memory.buffer, kernel.windowAt(), bytes);
    for (const cursor of cursors) {
      cursor.advance();
    }
    if (kernel.pagesInWindow() < MOST_PAGES / 4) {
      width = Math.min(WIDEST, width * 2);
    }
  }
}

/** Reads the rows of a window into the kernel. Returns whether all of them fit. */
async function fillWindow(
  kernel: BuildKernel,
  cursors: readonly Cursor[],
  { first, width }: { readonly first: number; readonly width: number },
  turns: Turns,
): Promise<boolean> {
  kernel.startWindow();
  for (const cursor of cursors) {
    if (!kernel.addRows(cursor.read((first + width) * PAGE_BLOCKS), first)) {
      return false;
    }
    await turns.yieldIfDue();
  }
  return true;
}

/** Reads the rows of one vector, window by window. */
class Cursor {
  readonly #kernel: BuildKernel;
  readonly #vector: StoredVector;
  readonly #source: RowSource;
  #row = 0;
  #rows = 0;
  #lastBlock = -1;
  /** A lower bound of the block numbers of the rows that remain; infinity if no row remains. */
  nextBlock: number;
  #blockAfter = 0;
  #lastOfWindow = -1;

  constructor(kernel: BuildKernel, vector: StoredVector) {
    this.#kernel = kernel;
    this.#vector = vector;
    this.#source = rowSourceOf(vector);
    this.nextBlock = vector.dataBlocks > 0 ? 0 : Number.POSITIVE_INFINITY;
  }

  /** Reads the rows that remain and are below block `end` into the kernel. Returns the number of these rows. */
  read(end: number): number {
    const remaining = this.#vector.dataBlocks - this.#row;
    const count = Math.max(0, Math.min(remaining, end - this.nextBlock));
    this.#rows = 0;
    this.#lastOfWindow = this.#lastBlock;
    this.#blockAfter = this.nextBlock;
    if (count === 0) {
      return 0;
    }
    this.#source.open();
    try {
      const blocks = this.#readBlocks(count);
      this.#rows = partitionPoint(blocks, (block) => block < end);
      this.#readDigests();
      this.#lastOfWindow = blocks[this.#rows - 1] ?? this.#lastBlock;
      const next = this.#rows < count ? blocks[this.#rows]! : end;
      this.#blockAfter = this.#rows === remaining ? Number.POSITIVE_INFINITY : next;
    } finally {
      this.#source.close();
    }
    return this.#rows;
  }

  /** Moves past the rows that were read last. */
  advance(): void {
    this.#row += this.#rows;
    this.#rows = 0;
    this.#lastBlock = this.#lastOfWindow;
    this.nextBlock = this.#blockAfter;
  }

  #readBlocks(count: number): Uint32Array {
    const { buffer } = this.#kernel.memory;
    const at = this.#kernel.blocksAt();
    this.#source.readBlocks(new Uint8Array(buffer, at, count * 4), this.#row);
    const blocks = new Uint32Array(buffer, at, count);
    const problem = problemOfBlocks(blocks, this.#lastBlock, this.#vector.blocks);
    if (problem !== undefined) {
      throw this.#source.corrupt(problem);
    }
    return blocks;
  }

  #readDigests(): void {
    const bytes = this.#rows * this.#vector.digestLength;
    this.#source.readDigests(new Uint8Array(this.#kernel.memory.buffer, this.#kernel.inputAt(), bytes), this.#row);
  }
}
