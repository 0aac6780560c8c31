/** Transfers that are kept for the next reads: readers ahead and behind of a border between two need both. */
const KEPT = 2;

interface Kept {
  readonly bytes: Promise<Uint8Array>;
  /** Bytes of it that reads have taken. */
  taken: number;
}

/**
 * The transfers of one image that were made last. A transfer is forgotten once as many bytes as it has were taken of
 * it, so that an image read from end to end leaves nothing in memory.
 */
export class TransferCache {
  readonly #make: (number: number) => Promise<Uint8Array>;
  readonly #kept = new Map<number, Kept>();

  /** `make` makes the transfer with a number. */
  constructor(make: (number: number) => Promise<Uint8Array>) {
    this.#make = make;
  }

  /** Gives bytes of transfer `number` from `start` to `end`, counted in the transfer. Rejects as `make` does. */
  async take(number: number, start: number, end: number): Promise<Uint8Array> {
    const kept = this.#kept.get(number) ?? { bytes: this.#make(number), taken: 0 };
    this.#keep(number, kept);
    try {
      const bytes = await kept.bytes;
      kept.taken += end - start;
      if (kept.taken >= bytes.length) {
        this.#forget(number, kept);
      }
      return bytes.subarray(start, end);
    } catch (thrown) {
      this.#forget(number, kept);
      throw thrown;
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#kept.clear();
  }

  /** Puts it last in the map's order, and forgets what stands first where there are too many. */
  #keep(number: number, kept: Kept): void {
    this.#kept.delete(number);
    this.#kept.set(number, kept);
    for (const oldest of [...this.#kept.keys()].slice(0, -KEPT)) {
      this.#kept.delete(oldest);
    }
  }

  #forget(number: number, kept: Kept): void {
    if (this.#kept.get(number) === kept) {
      this.#kept.delete(number);
    }
  }
}
