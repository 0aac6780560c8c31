import type { PairRun } from '../contracts/analysis.js';
import type { HashVector } from '../contracts/hash-vector.js';
import { throwIfAborted } from '../errors.js';
import { blockCountOf } from '../vectors/check-header.js';
import { checkComparable } from './check-comparable.js';

/**
 * How two images compare along their blocks: maximal runs of block numbers at which both are zero, equal, or different,
 * ascending, without gaps, from block 0 to the end of the longer image. Past the end of the shorter one its content
 * counts as zeros. The blocks of all `different` runs together are the Hamming distance. Reads both vectors once, in
 * parallel, and holds some thousand rows of each.
 *
 * @throws `usage` where the vectors were not made alike, `aborted`, and what reading them throws.
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
      // Promises only when a batch has to be read: awaiting each row would take ten times as long.
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
        first.passOver(block);
        second.passOver(block);
      }
      block += blocks;
    }
    if (run !== undefined) {
      yield run;
    }
  } finally {
    // An error of closing must not replace the one of reading.
    await Promise.allSettled([first.close(), second.close()]);
  }
}

/** What a block is at which at least one of the vectors has a row. */
function kindAt(block: number, one: VectorRows, other: VectorRows): 'equal' | 'different' {
  const [digest, otherDigest] = [one.digestAt(block), other.digestAt(block)];
  if (digest === undefined || otherDigest === undefined) {
    return 'different';
  }
  return Buffer.compare(digest, otherDigest) === 0 ? 'equal' : 'different';
}

/** Walks the rows of a vector. */
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

  /** Block number of the next row; infinite after the last. Asynchronous only where a batch has to be read. */
  peek(): number | Promise<number> {
    if (this.#row < this.#blocks.length) {
      return this.#blocks[this.#row]!;
    }
    return this.#ended ? Number.POSITIVE_INFINITY : this.#readBatch();
  }

  /** The digest of the next row if that is the block's. Call `peek` before. */
  digestAt(block: number): Uint8Array | undefined {
    if (this.#blocks[this.#row] !== block) {
      return undefined;
    }
    return this.#digests.subarray(this.#row * this.#digestLength, (this.#row + 1) * this.#digestLength);
  }

  /** Goes on to the row after the block's, if the next row is the block's. */
  passOver(block: number): void {
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
