import type { HashVector, HashVectorRows } from '../hash-vectors/hash-vector.js';

/** Walks the rows of a hash vector once, in ascending order, holding one batch at a time. */
export class RowCursor {
  readonly #batches: AsyncIterator<HashVectorRows>;
  #batch: HashVectorRows | undefined;
  #index = 0;

  constructor(vector: HashVector) {
    this.#batches = vector.rows()[Symbol.asyncIterator]();
  }

  /**
   * Hands `take` every row not yet taken whose block number is below `end`: the block number, and the buffer and
   * offset at which its digest begins, which are valid during the call only.
   */
  async takeBelow(end: number, take: (block: number, digests: Uint8Array, offset: number) => void): Promise<void> {
    for (;;) {
      if (this.#batch === undefined) {
        const { done, value } = await this.#batches.next();
        if (done) return;
        this.#batch = value;
        this.#index = 0;
      }
      const { blocks, digests } = this.#batch;
      const digestLength = digests.length / blocks.length;
      let index = this.#index;
      for (; index < blocks.length && blocks[index]! < end; index++)
        take(blocks[index]!, digests, index * digestLength);
      this.#index = index;
      if (index < blocks.length) return;
      this.#batch = undefined;
    }
  }

  /** Lets go of what the vector holds open. */
  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}
