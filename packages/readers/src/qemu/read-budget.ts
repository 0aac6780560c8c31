import type { VirtSimilarityError } from '@virt-similarity/core';
import { chainOf, type InspectedImage, type QemuCall, readError } from '@virt-similarity/image-tools';
import { hasHoles } from '../chain-map/has-holes.js';
import { rememberedHoles } from '../chain-map/remembered-holes.js';

/** Bytes of guest-visible data allowed for each stored byte: deflate reaches 1,032. */
const DATA_PER_STORED_BYTE = 1024;
/** Bytes of data allowed for any image. */
const LEAST_DATA_BYTES = 2 ** 30;
/** Bytes of data stored verbatim that are allowed for any image, beyond those of its files. */
const LEAST_VERBATIM_BYTES = 2 ** 26;
/** Runs allowed for any image. */
const LEAST_RUNS = 65_536;

/**
 * The work that an image may cause, by the bytes that its files store: guest-visible bytes to read, and runs of data or
 * zeros to walk. Without it, compression, and tables whose entries lead to the same data, could make a file of some KiB a
 * disk that takes days to read. An honest image stays below both bounds, however fragmented it is.
 */
export class ReadBudget {
  readonly #image: InspectedImage;
  readonly #call: QemuCall;
  readonly #runsPerByte: number;
  #dataBytes = 0;
  #verbatimBytes = 0;
  #runs = 0;
  #storedBytes: number | undefined;

  /** @param runsPerByte runs that a stored byte may describe */
  constructor(image: InspectedImage, call: QemuCall, runsPerByte: number) {
    this.#image = image;
    this.#call = call;
    this.#runsPerByte = runsPerByte;
  }

  /**
   * Counts a run, and those of its bytes that must be read. Call it before anything is kept for the run; await what it
   * returns, if anything.
   *
   * @param how whether the bytes are those of a file, of which each can be data once, or are made from fewer
   * @throws `unavailable` beyond the bounds, and as `rememberedHoles`.
   */
  spend(bytesToRead: number, how: 'verbatim' | 'expanded'): Promise<void> | undefined {
    this.#runs += 1;
    this.#dataBytes += bytesToRead;
    this.#verbatimBytes += how === 'verbatim' ? bytesToRead : 0;
    const stored = this.#storedBytes ?? 0;
    const isExceeded =
      this.#runs > this.#mostRuns(stored) ||
      this.#dataBytes > mostDataBytes(stored) ||
      this.#verbatimBytes > mostVerbatimBytes(stored);
    return isExceeded ? this.#check() : undefined;
  }

  async #check(): Promise<void> {
    this.#storedBytes ??= await storedBytesOf(this.#image, this.#call);
    const stored = this.#storedBytes;
    const mostRuns = this.#mostRuns(stored);
    if (this.#runs > mostRuns) {
      throw this.#exceeded(`its ${stored} stored bytes describe more than ${mostRuns} separate runs of data and zeros`);
    }
    if (this.#verbatimBytes > mostVerbatimBytes(stored)) {
      throw this.#exceeded(`its tables lead to the same of its ${stored} stored bytes again and again`);
    }
    if (this.#dataBytes > mostDataBytes(stored)) {
      throw this.#exceeded(
        `reading it would take more than 1 GiB plus ${DATA_PER_STORED_BYTE.toLocaleString('en')} times its ${stored} stored bytes`,
      );
    }
  }

  #mostRuns(storedBytes: number): number {
    return LEAST_RUNS + Math.floor(storedBytes * this.#runsPerByte);
  }

  #exceeded(found: string): VirtSimilarityError {
    const remedy = 'if you trust it, convert it with qemu-img convert -O raw first';
    return readError(this.#call, 'unavailable', `${found}; ${remedy}`);
  }
}

function mostVerbatimBytes(storedBytes: number): number {
  return LEAST_VERBATIM_BYTES + storedBytes;
}

function mostDataBytes(storedBytes: number): number {
  return LEAST_DATA_BYTES + storedBytes * DATA_PER_STORED_BYTE;
}

/** Bytes of all files of a chain, without their holes: a file with holes can be of any size and store nothing. */
async function storedBytesOf(top: InspectedImage, call: QemuCall): Promise<number> {
  if (top.format === 'raw') {
    // Its holes are what is being asked for, and it cannot expand.
    return Number(top.file.size);
  }
  let bytes = 0;
  for (const image of chainOf(top)) {
    for (const file of [image.file, ...image.extentFiles]) {
      bytes += Number(file.size) - (await holeBytes({ ...image, file }, call));
    }
  }
  return bytes;
}

async function holeBytes(image: InspectedImage, call: QemuCall): Promise<number> {
  if (image.isDevice || !(await hasHoles(image.file))) {
    return 0;
  }
  const { starts, ends } = await rememberedHoles(image, call);
  return Array.from(starts).reduce((sum, start, hole) => sum + ends[hole]! - start, 0);
}
