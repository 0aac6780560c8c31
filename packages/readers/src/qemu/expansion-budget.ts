import { identityOf } from '../inspection/identity-of.js';
import type { InspectedImage } from '../inspection/inspected-image.js';
import { readError, type Speaker } from '../reading/read-error.js';

/** How many bytes of guest-visible data a stored byte may stand for: deflate gets to 1,032. */
const TIMES_STORED = 1024;
/** Bytes of data that any image may have, however few it is stored in. */
const ALLOWANCE_BYTES = 2 ** 30;

/**
 * The bytes that may be read of an image, by those that its files have: compression and tables that lead to one cluster
 * many times could otherwise make a file of some KiB a disk that takes days to read.
 */
export class ExpansionBudget {
  readonly #speaker: Speaker;
  readonly #storedBytes: number;
  #left: number;

  constructor(image: InspectedImage, speaker: Speaker) {
    this.#speaker = speaker;
    this.#storedBytes = identityOf(image).layers.reduce((bytes, { size }) => bytes + Number(size), 0);
    this.#left = this.#storedBytes * TIMES_STORED + ALLOWANCE_BYTES;
  }

  /** Counts bytes that are going to be read. Throws `unavailable` where they are too many. */
  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) {
      const found = `more than ${TIMES_STORED} times the ${this.#storedBytes} bytes that it is stored in and 1 GiB would have to be read`;
      throw readError(
        this.#speaker,
        'unavailable',
        `${found}; if you trust it, convert it with qemu-img convert -O raw first`,
      );
    }
  }
}
