/**
 * The most transfers in the cache. Concurrent reads just before and just after the border of two transfers need both.
 */
const MAX_CACHED = 2;

interface CachedTransfer {
  readonly bytes: Promise<Uint8Array>;
  /** Number of bytes that have been read from it. */
  taken: number;
}

/**
 * Caches the transfers of one image that were last used. A transfer is dropped once as many bytes have been read from
 * it as it contains, so that an image of which every byte is read once leaves nothing in memory.
 */
export class TransferCache {
  readonly #fetch: (index: number) => Promise<Uint8Array>;
  readonly #cached = new Map<number, CachedTransfer>();

  /** @param fetch performs the transfer with an index */
  constructor(fetch: (index: number) => Promise<Uint8Array>) {
    this.#fetch = fetch;
  }

  /**
   * Returns the bytes from `start` to `end` (exclusive) of the transfer at `index`; both count from the beginning of
   * the transfer. The bytes must not be written to. Rejects as `fetch` does.
   */
  async take(index: number, start: number, end: number): Promise<Uint8Array> {
    const transfer = this.#cached.get(index) ?? { bytes: this.#fetch(index), taken: 0 };
    this.#add(index, transfer);
    try {
      const bytes = await transfer.bytes;
      transfer.taken += end - start;
      if (transfer.taken >= bytes.length) {
        this.#drop(index, transfer);
      }
      return bytes.subarray(start, end);
    } catch (thrown) {
      this.#drop(index, transfer);
      throw thrown;
    }
  }

  /** Drops all transfers. */
  clear(): void {
    this.#cached.clear();
  }

  /** Makes a transfer the most recently used, and drops the least recently used transfers if there are too many. */
  #add(index: number, transfer: CachedTransfer): void {
    this.#cached.delete(index);
    this.#cached.set(index, transfer);
    for (const oldest of [...this.#cached.keys()].slice(0, -MAX_CACHED)) {
      this.#cached.delete(oldest);
    }
  }

  #drop(index: number, transfer: CachedTransfer): void {
    if (this.#cached.get(index) === transfer) {
      this.#cached.delete(index);
    }
  }
}
