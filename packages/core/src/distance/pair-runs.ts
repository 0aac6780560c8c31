import type { PairRun } from '../contracts/analysis.js';
import type { HashVector } from '../contracts/hash-vector.js';
import { throwIfAborted } from '../errors.js';
import { blockCountOf } from '../vectors/check-header.js';
import { checkComparable } from './check-comparable.js';

/**
 * Compares two images block by block. Yields maximal runs of block numbers at which both images are zero, equal, or
 * different, in ascending order without gaps, from block 0 to the end of the longer image. Past its end, the shorter
 * image counts as zeros. The blocks of all `different` runs add up to the Hamming distance. Reads both vectors once,
 * at the same time, and keeps only one batch of rows of each in memory.
 *
 * @throws `usage` if the vectors are not comparable, `aborted`, and whatever reading them throws.
 */
export async function* pairRuns(
  one: HashVector,
  other: HashVector,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<PairRun, void, undefined> {
  checkComparable([one, other]);
  const end = Math.max(blockCountOf(one), blockCountOf(other));
  const [first, second] = [new VectorRows(one), new VectorRows(other)];
  let run: { start: number; blocks: number; kind: PairRun['kind'] } | undefined;
  try {
    for (let block = 0; block < end; ) {
      throwIfAborted(signal);
      const [blockOfFirst, blockOfSecond] = [first.peek(), second.peek()];
      // Awaits only when a batch must be read: awaiting each row would take ten times as long.
      const isKnown = typeof blockOfFirst === 'number' && typeof blockOfSecond === 'number';
      const blocksOfRows = isKnown ? [blockOfFirst, blockOfSecond] : await Promise.all([blockOfFirst, blockOfSecond]);
      const next = Math.min(...blocksOfRows, end);
      const kind = next > block ? 'zero' : kindAt(block, first, second);
      const blocks = Math.max(1, next - block);
      if (run?.kind === kind) {
        run.blocks += blocks;
      } else {
        if (run !== undefined) {
          yield run;
        }
        run = { start: block, blocks, kind };
      }
      if (kind !== 'zero') {
        first.advancePast(block);
        second.advancePast(block);
      }
      block += blocks;
    }
    if (run !== undefined) {
      yield run;
    }
  } finally {
    // An error in closing must not replace an error in reading.
    await Promise.allSettled([first.close(), second.close()]);
  }
}

/** Returns the kind of a block for which at least one of the two vectors has a row. */
function kindAt(block: number, one: VectorRows, other: VectorRows): 'equal' | 'different' {
  const [digest, otherDigest] = [one.digestAt(block), other.digestAt(block)];
  if (digest === undefined || otherDigest === undefined) {
    return 'different';
  }
  return Buffer.compare(digest, otherDigest) === 0 ? 'equal' : 'different';
}

/** Iterates over the rows of a vector. */
class VectorRows {
  readonly #digestLength: number;
  readonly #batches: AsyncIterator<{ readonly blocks: Uint32Array; readonly digests: Uint8Array }>;
  #blocks = new Uint32Array();
  #digests = new Uint8Array();
  #row = 0;
  #ended = false;

  constructor(vector: HashVector) {
    this.#digestLength = vector.digestLength;
    this.#batches = vector.rows()[Symbol.asyncIterator]();
  }

  /** Returns the block number of the next row; infinity after the last row; a promise if a batch must be read. */
  peek(): number | Promise<number> {
    if (this.#row < this.#blocks.length) {
      return this.#blocks[this.#row]!;
    }
    return this.#ended ? Number.POSITIVE_INFINITY : this.#readBatch();
  }

  /** Returns the digest of the next row if that row is for `block`. Call `peek` first. */
  digestAt(block: number): Uint8Array | undefined {
    if (this.#blocks[this.#row] !== block) {
      return undefined;
    }
    return this.#digests.subarray(this.#row * this.#digestLength, (this.#row + 1) * this.#digestLength);
  }

  /** Moves to the following row if the next row is for `block`. */
  advancePast(block: number): void {
    if (this.#blocks[this.#row] === block) {
      this.#row += 1;
    }
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }

  async #readBatch(): Promise<number> {
    const { done, value } = await this.#batches.next();
    this.#row = 0;
    this.#ended = done === true;
    this.#blocks = value?.blocks ?? new Uint32Array();
    this.#digests = value?.digests ?? new Uint8Array();
    return this.peek();
  }
}
