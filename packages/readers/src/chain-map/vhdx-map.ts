import { readError } from '@virt-similarity/image-tools';
import { BLOCK_MAP_ENTRY_BYTES, blocksPerChunk } from '../inspection/formats/vhdx.js';
import type { VhdxLayout } from '../inspection/formats/vhdx-layout.js';
import type { LayerMap, LayerRun } from './layer-map.js';
import type { MappedFile } from './mapped-file.js';
import { RawMap } from './raw-map.js';
import { RUNS_PER_BYTE } from './runs-per-byte.js';

/** The most entries of the block map that are in memory at a time. */
const PART_ENTRIES = 8192;
const STATE_BITS = 7;
/** Not present, undefined, zero, unmapped, and unmapped as in version 0.95. All read as zeros without a parent. */
const ZERO_STATES = [0, 1, 2, 3, 5];
const FULLY_PRESENT = 6;
/**
 * The unit of a block's position, in bytes. The lower 20 bits of an entry are not part of the position: they are the
 * state, and reserved bits, which are ignored as in qemu.
 */
const POSITION_UNIT = 2 ** 20;
/** The first position after the headers, in bytes. */
const MIN_POSITION = 2 ** 20;

/**
 * Consecutive blocks that are all zeros, or stored one after another. `start` and `end` (exclusive) are guest positions
 * in bytes.
 */
interface BlockRun {
  readonly start: number;
  readonly end: number;
  /** Where the first block is stored in the file; `undefined` for zeros. */
  readonly offset: number | undefined;
}

/**
 * The map of a VHDX without a parent and without a log, from its block map. One part of the block map is in memory at a
 * time. `qemu-img map` would report all blocks as data.
 *
 * `runAt` throws `corrupt` if an entry violates the format, and the errors of reading the file. The caller checks
 * whether stored bytes are within the file.
 */
export class VhdxMap implements LayerMap {
  readonly size: number;
  readonly runsPerByte = RUNS_PER_BYTE;
  readonly #file: MappedFile;
  /** The data and holes of the file. */
  readonly #content: RawMap;
  readonly #layout: VhdxLayout;
  readonly #blocksPerChunk: number;
  /** The parts of the file that contain the block map, the metadata or the log. */
  readonly #regions: readonly { readonly start: number; readonly end: number }[];
  #entries: Buffer = Buffer.alloc(0);
  /** Index of the first entry in `#entries`. */
  #entriesStart = 0;
  /** The last run found. Finding it again for each of its parts would take time quadratic in its length. */
  #run: BlockRun = { start: 0, end: 0, offset: undefined };

  constructor(file: MappedFile, layout: VhdxLayout) {
    this.size = Number(layout.virtualSize);
    this.#file = file;
    this.#content = new RawMap(file.size, file.holes);
    this.#layout = layout;
    this.#blocksPerChunk = blocksPerChunk(layout);
    this.#regions = layout.regions
      .filter(({ length }) => length > 0)
      .map(({ position, length }) => ({ start: Number(position), end: Number(position) + length }));
  }

  runAt(position: number, end: number): LayerRun | Promise<LayerRun> {
    if (position < this.#run.start || position >= this.#run.end) {
      const block = Math.floor(position / this.#layout.blockBytes);
      if (!this.#isLoaded(block)) {
        return this.#load(block).then(() => this.runAt(position, end));
      }
      this.#run = this.#findRun(block);
    }
    const { start, end: runEnd, offset } = this.#run;
    const length = Math.min(end, runEnd) - position;
    if (offset === undefined) {
      return { kind: 'zero', length };
    }
    const stored = offset + position - start;
    return this.#content.runAt(stored, stored + length);
  }

  /** Returns the run that begins with `block` and ends at the latest where the part of the block map in memory ends. */
  #findRun(block: number): BlockRun {
    const { blockBytes } = this.#layout;
    const offset = this.#offsetOf(block);
    let next = block + 1;
    while (next * blockBytes < this.size && this.#isLoaded(next)) {
      const expected = offset === undefined ? undefined : offset + (next - block) * blockBytes;
      if (this.#offsetOf(next) !== expected) {
        break;
      }
      next += 1;
    }
    return { start: block * blockBytes, end: next * blockBytes, offset };
  }

  /** Returns where a block is stored; `undefined` if it reads as zeros. */
  #offsetOf(block: number): number | undefined {
    const at = (this.#indexOf(block) - this.#entriesStart) * BLOCK_MAP_ENTRY_BYTES;
    const [lower, upper] = [this.#entries.readUInt32LE(at), this.#entries.readUInt32LE(at + 4)];
    const state = lower & STATE_BITS;
    if (ZERO_STATES.includes(state)) {
      return undefined;
    }
    const offset = upper * 2 ** 32 + (lower - (lower % POSITION_UNIT));
    if (state !== FULLY_PRESENT || offset < MIN_POSITION || this.#overlapsRegion(offset)) {
      const position = block * this.#layout.blockBytes;
      const found = `its block map has a block in state ${state} at byte ${offset} for the guest's byte ${position}`;
      throw readError(this.#file.errorContext, 'corrupt', `${this.#file.path}: ${found}; check it with qemu-img check`);
    }
    return offset;
  }

  /**
   * Returns whether a block that is stored at byte `offset` of the file would overlap the block map, the metadata or
   * the log.
   */
  #overlapsRegion(offset: number): boolean {
    return this.#regions.some(({ start, end }) => offset < end && offset + this.#layout.blockBytes > start);
  }

  /** Returns the index of a block's entry. An entry for a sector bitmap follows the entries of each chunk. */
  #indexOf(block: number): number {
    return block + Math.floor(block / this.#blocksPerChunk);
  }

  #isLoaded(block: number): boolean {
    const index = this.#indexOf(block) - this.#entriesStart;
    return index >= 0 && index < this.#entries.length / BLOCK_MAP_ENTRY_BYTES;
  }

  async #load(block: number): Promise<void> {
    const { position, length } = this.#layout.blockMap;
    const index = this.#indexOf(block);
    const start = index - (index % PART_ENTRIES);
    const entries = Math.min(PART_ENTRIES, Math.floor(length / BLOCK_MAP_ENTRY_BYTES) - start);
    const at = Number(position) + start * BLOCK_MAP_ENTRY_BYTES;
    this.#entries = await this.#file.read(at, entries * BLOCK_MAP_ENTRY_BYTES);
    this.#entriesStart = start;
  }
}
