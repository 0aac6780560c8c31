import type { HashVector, HashVectorRows } from '../hash-vectors/hash-vector.js';

/** Walks the rows of a hash vector once, in ascending order, holding one batch at a time. */
export class RowCursor {
  readonly #batches: AsyncIterator<HashVectorRows>;
  #batch: HashVectorRows | undefined;
  #index = 0;
  #isDone = false;

  constructor(vector: HashVector) {
    this.#batches = vector.rows()[Symbol.asyncIterator]();
  }

  /**
   * Hands `take` every row not yet taken whose block number is below `end`: the block number, and the buffer and
   * offset at which its digest begins, which are valid during the call only.
   */
  async takeBelow(end: number, take: (block: number, digests: Uint8Array, offset: number) => void): Promise<void> {
    for (;;) {
      const batch = await this.#current();
      if (batch === undefined) return;
      const { blocks, digests } = batch;
      const digestLength = digests.length / blocks.length;
      let index = this.#index;
      for (; index < blocks.length && blocks[index]! < end; index++)
        take(blocks[index]!, digests, index * digestLength);
      this.#index = index;
      if (index < blocks.length) return;
    }
  }

  /** The block number of the next row that was not taken; infinity after the last. */
  async nextBlock(): Promise<number> {
    return (await this.#current())?.blocks[this.#index] ?? Number.POSITIVE_INFINITY;
  }

  /** The batch that holds the next row not yet taken; nothing after the last. */
  async #current(): Promise<HashVectorRows | undefined> {
    while (this.#batch !== undefined || !this.#isDone) {
      if (this.#batch !== undefined && this.#index < this.#batch.blocks.length) return this.#batch;
      const { done, value } = await this.#batches.next();
      this.#isDone = done === true;
      this.#batch = done ? undefined : value;
      this.#index = 0;
    }
    return undefined;
  }

  /** Lets go of what the vector holds open. */
  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}
