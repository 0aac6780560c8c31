import type { FileStorage, MemoryStorage } from '../../contracts/hash-vector.js';
import type { VirtSimilarityError } from '../../errors.js';
import { closeDescriptor, readExactlySync } from '../../files/regular-file.js';
import { readingError } from '../../vectors/reading-error.js';
import { openUnchangedSync } from '../../vectors/unchanged-file.js';

/**
 * The rows of one hash vector, read by the calling thread. `open` throws as `openUnchangedSync`. The methods for
 * reading throw `corrupt` if the file ends too early, `unavailable` if a system resource is exhausted, and `unreadable`
 * for any other system error.
 */
export interface RowSource {
  /** Must be called before reading, and again after `close`. */
  open(): void;
  /** Idempotent. */
  close(): void;
  /** Fills `target` with block numbers from `row` on: 4 bytes each, little-endian. */
  readBlocks(target: Uint8Array, row: number): void;
  /** Fills `target` with digests from `row` on. */
  readDigests(target: Uint8Array, row: number): void;
  /** Returns the error for rows that contradict the format; `problem` says what was expected and found. */
  corrupt(problem: string): VirtSimilarityError;
}

/** Rows in memory. */
export class MemoryRows implements RowSource {
  readonly #blocks: Uint8Array;
  readonly #digests: Uint8Array;
  readonly #digestLength: number;
  readonly #name: string;

  constructor({ blocks, digests }: MemoryStorage, digestLength: number, name: string) {
    this.#blocks = new Uint8Array(blocks.buffer, blocks.byteOffset, blocks.byteLength);
    this.#digests = digests;
    this.#digestLength = digestLength;
    this.#name = name;
  }

  open(): void {}

  close(): void {}

  readBlocks(target: Uint8Array, row: number): void {
    target.set(this.#blocks.subarray(row * 4, row * 4 + target.length));
  }

  readDigests(target: Uint8Array, row: number): void {
    const start = row * this.#digestLength;
    target.set(this.#digests.subarray(start, start + target.length));
  }

  corrupt(problem: string): VirtSimilarityError {
    return readingError(new Error(problem), this.#name);
  }
}

/** Rows in a file, read through a given descriptor, or through a descriptor that `open` opens and `close` closes. */
export class FileRows implements RowSource {
  readonly #storage: FileStorage;
  readonly #digestLength: number;
  readonly #lent: number | undefined;
  #own: number | undefined;
  /** The first row of each batch. */
  readonly #firstRows: number[] = [];
  /** The batch that was read last, which is usually also the next to be read. */
  #batch = 0;

  /** @param descriptor the descriptor of the file, open for reading, if there is one; `close` leaves it open */
  constructor(storage: FileStorage, digestLength: number, descriptor: number | undefined) {
    this.#storage = storage;
    this.#digestLength = digestLength;
    this.#lent = descriptor;
    let row = 0;
    for (const { rows } of storage.batches) {
      this.#firstRows.push(row);
      row += rows;
    }
  }

  open(): void {
    if (this.#lent === undefined) {
      this.#own = openUnchangedSync(this.#storage);
    }
  }

  close(): void {
    closeDescriptor(this.#own);
    this.#own = undefined;
  }

  readBlocks(target: Uint8Array, row: number): void {
    this.#read(target, row, 4, 'blocksOffset');
  }

  readDigests(target: Uint8Array, row: number): void {
    this.#read(target, row, this.#digestLength, 'digestsOffset');
  }

  corrupt(problem: string): VirtSimilarityError {
    return readingError(new Error(problem), this.#storage.path);
  }

  #read(target: Uint8Array, row: number, width: number, column: 'blocksOffset' | 'digestsOffset'): void {
    let next = row;
    for (let done = 0; done < target.length; ) {
      const batch = this.#storage.batches[this.#batchOf(next)]!;
      const skipped = next - this.#firstRows[this.#batch]!;
      const count = Math.min(batch.rows - skipped, (target.length - done) / width);
      const end = done + count * width;
      this.#readExactly(target.subarray(done, end), batch[column] + skipped * width);
      done = end;
      next += count;
    }
  }

  #batchOf(row: number): number {
    if (row < this.#firstRows[this.#batch]!) {
      this.#batch = 0;
    }
    while (row >= this.#firstRows[this.#batch]! + this.#storage.batches[this.#batch]!.rows) {
      this.#batch++;
    }
    return this.#batch;
  }

  #readExactly(target: Uint8Array, position: number): void {
    try {
      readExactlySync((this.#lent ?? this.#own)!, target, position);
    } catch (thrown) {
      throw readingError(thrown, this.#storage.path);
    }
  }
}
