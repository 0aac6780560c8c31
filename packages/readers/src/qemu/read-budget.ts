import type { VirtSimilarityError } from '@virt-similarity/core';
import { type InspectedImage, type QemuCall, readError } from '@virt-similarity/image-tools';
import { storedBytesOf } from '../chain-map/stored-bytes-of.js';

/**
 * Guest-visible bytes of data that are allowed per stored byte, unless the expansion is `counted`. Deflate compresses
 * at most 1,032 to 1.
 */
const DATA_PER_STORED_BYTE = 1024;
/** Bytes of data that are allowed for every image, in addition to `DATA_PER_STORED_BYTE` for each stored byte. */
const BASE_DATA_BYTES = 2 ** 30;
/** Verbatim bytes of data that are allowed for every image, in addition to its stored bytes. */
const BASE_VERBATIM_BYTES = 2 ** 26;
/** Runs that are allowed for every image, in addition to `runsPerByte` for each stored byte. */
const BASE_RUNS = 65_536;

/** The limits that depend on how an image is mapped. */
export interface ReadBudgetLimits {
  /** The most runs that a stored byte is allowed to describe on average. */
  readonly runsPerByte: number;
  /**
   * `limited`: data must not expand by more than a fixed factor. `counted`: this budget does not limit the expansion of
   * data, because `LayerMap.countClusters` limits the compressed clusters.
   */
  readonly expansion: 'limited' | 'counted';
}

/**
 * Limits the work that an image can cause, relative to the bytes that its files store: guest-visible bytes to read, and
 * runs of data or zeros to visit. Without limits, compression, or tables with many entries for the same data, could
 * turn a file of a few KiB into a disk that takes days to read. The limits are meant to be higher than any image of a
 * normal program needs, however fragmented it is.
 */
export class ReadBudget {
  readonly #image: InspectedImage;
  readonly #call: QemuCall;
  readonly #limits: ReadBudgetLimits;
  #dataBytes = 0;
  #verbatimBytes = 0;
  #runs = 0;
  #storedBytes: number | undefined;

  constructor(image: InspectedImage, call: QemuCall, limits: ReadBudgetLimits) {
    this.#image = image;
    this.#call = call;
    this.#limits = limits;
  }

  /**
   * Counts a run and the bytes of the run that must be read. Call it before memory is allocated for the run. If it
   * returns a promise, await the promise: it counts the stored bytes if necessary, and checks the limits.
   *
   * @param how `verbatim` if the bytes are stored in a file as they are, so that each stored byte can be data only
   * once; `expanded` if they are generated from fewer bytes
   * @throws `unavailable` if a limit is exceeded, and as `storedBytesOf`; only by rejecting the promise.
   */
  spend(bytesToRead: number, how: 'verbatim' | 'expanded'): Promise<void> | undefined {
    this.#runs += 1;
    this.#dataBytes += how === 'expanded' && this.#limits.expansion === 'counted' ? 0 : bytesToRead;
    this.#verbatimBytes += how === 'verbatim' ? bytesToRead : 0;
    const stored = this.#storedBytes ?? 0;
    const isExceeded =
      this.#runs > this.#maxRuns(stored) ||
      this.#dataBytes > maxDataBytes(stored) ||
      this.#verbatimBytes > maxVerbatimBytes(stored);
    return isExceeded ? this.#check() : undefined;
  }

  async #check(): Promise<void> {
    this.#storedBytes ??= await storedBytesOf(this.#image, this.#call);
    const stored = this.#storedBytes;
    const maxRuns = this.#maxRuns(stored);
    if (this.#runs > maxRuns) {
      throw this.#exceeded(`its ${stored} stored bytes describe more than ${maxRuns} separate runs of data and zeros`);
    }
    if (this.#verbatimBytes > maxVerbatimBytes(stored)) {
      throw this.#exceeded(`its tables refer to some of its ${stored} stored bytes repeatedly`);
    }
    if (this.#dataBytes > maxDataBytes(stored)) {
      throw this.#exceeded(
        `it expands to more than 1 GiB plus ${DATA_PER_STORED_BYTE.toLocaleString('en')} times its ${stored} stored bytes`,
      );
    }
  }

  #maxRuns(storedBytes: number): number {
    return BASE_RUNS + Math.floor(storedBytes * this.#limits.runsPerByte);
  }

  #exceeded(found: string): VirtSimilarityError {
    const remedy = 'if you trust the image, convert it with qemu-img convert -O raw first';
    return readError(this.#call, 'unavailable', `${found}; ${remedy}`);
  }
}

function maxVerbatimBytes(storedBytes: number): number {
  return BASE_VERBATIM_BYTES + storedBytes;
}

function maxDataBytes(storedBytes: number): number {
  return BASE_DATA_BYTES + storedBytes * DATA_PER_STORED_BYTE;
}
