import { readError, type Speaker } from '@virt-similarity/image-tools';
import type { CompressedCluster, LayerMap, LayerRun } from './layer-map.js';
import { alikeGranules, type GranuleState, granuleState, positionIn } from './qcow2-entry.js';
import type { Qcow2Geometry } from './qcow2-geometry.js';
import { type Holes, RawMap } from './raw-map.js';
import { RUNS_PER_BYTE, RUNS_PER_EXTENDED_BYTE } from './runs-per-byte.js';

const SECTOR_BYTES = 512;
const L1_ENTRY_BYTES = 8;
/** Entries of the L1 table that are held at a time. */
const L1_PART_ENTRIES = 8192;

type ValidState = Exclude<GranuleState, { kind: 'invalid' }>;

/** Granules of one L2 table that are alike. Positions of the guest, in bytes. */
interface TableRun {
  readonly start: number;
  readonly end: number;
  /** That of the first granule. */
  readonly state: ValidState;
}

/** The file of a qcow2 image, and who speaks of it. */
export interface Qcow2File {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** What is stored there reads as zeros. */
  readonly holes: Holes;
  /** Exactly `length` bytes from `position` on. */
  read(position: number, length: number): Promise<Buffer>;
  readonly speaker: Speaker;
}

/**
 * What a qcow2 image holds where, from its L1 and L2 tables, of which a part and one are held at a time.
 *
 * `runAt` throws `corrupt` where a table or a compressed cluster does not lie within the file, or an entry says what the
 * format forbids; whether stored bytes lie within it is for the caller to see.
 */
export class Qcow2Map implements LayerMap {
  readonly size: number;
  readonly runsPerByte: number;
  readonly #file: Qcow2File;
  /** What the file itself holds where. */
  readonly #content: RawMap;
  readonly #geometry: Qcow2Geometry;
  #l1: Buffer = Buffer.alloc(0);
  /** Number of the first entry in `#l1`. */
  #l1Start = 0;
  #l2: Buffer = Buffer.alloc(0);
  /** Number of the L1 entry that leads to `#l2`. */
  #l2Number = -1;
  /** The last run of `#l2` that was found: finding it again for each of its parts would cost the square of its length. */
  #run: TableRun | undefined;
  /** The last range found without tables. Positions of the guest, in bytes. */
  #empty = { start: 0, end: 0 };

  constructor(file: Qcow2File, geometry: Qcow2Geometry, size: number) {
    this.#file = file;
    this.#content = new RawMap(file.size, file.holes);
    this.#geometry = geometry;
    this.size = size;
    this.runsPerByte = geometry.granulesPerCluster > 1 ? RUNS_PER_EXTENDED_BYTE : RUNS_PER_BYTE;
  }

  runAt(position: number, end: number): LayerRun | Promise<LayerRun> {
    const number = Math.floor(position / this.#geometry.l2Coverage);
    if (number === this.#l2Number) {
      return this.#runInTable(position, end);
    }
    const { start, end: emptyEnd } = this.#empty;
    return position >= start && position < emptyEnd
      ? { kind: 'unallocated', length: Math.min(end, emptyEnd) - position }
      : this.#runFrom(number, position, end);
  }

  async #runFrom(number: number, position: number, end: number): Promise<LayerRun> {
    await this.#loadL1(number);
    const offset = positionIn(this.#l1, (number - this.#l1Start) * L1_ENTRY_BYTES);
    const { clusterBytes, l2Coverage } = this.#geometry;
    if (offset === 0) {
      this.#empty = { start: number * l2Coverage, end: this.#tablesFrom(number) };
      return { kind: 'unallocated', length: Math.min(end, this.#empty.end) - position };
    }
    if (offset % clusterBytes !== 0 || offset + clusterBytes > this.#file.size) {
      throw this.#corrupt(position, `its L2 table is said to stand at byte ${offset}`);
    }
    this.#l2 = await this.#file.read(offset, clusterBytes);
    this.#l2Number = number;
    this.#run = undefined;
    return this.#runInTable(position, end);
  }

  async #loadL1(number: number): Promise<void> {
    const held = this.#l1.length / L1_ENTRY_BYTES;
    if (number >= this.#l1Start && number < this.#l1Start + held) {
      return;
    }
    const { l1Offset, l1Entries } = this.#geometry;
    const start = number - (number % L1_PART_ENTRIES);
    const entries = Math.min(L1_PART_ENTRIES, l1Entries - start);
    this.#l1 = await this.#file.read(l1Offset + start * L1_ENTRY_BYTES, entries * L1_ENTRY_BYTES);
    this.#l1Start = start;
  }

  /** The first position after that of an empty L1 entry at which there is, or for all that is held may be, a table. */
  #tablesFrom(number: number): number {
    const end = this.#l1Start + this.#l1.length / L1_ENTRY_BYTES;
    let next = number + 1;
    while (next < end && positionIn(this.#l1, (next - this.#l1Start) * L1_ENTRY_BYTES) === 0) {
      next += 1;
    }
    return next * this.#geometry.l2Coverage;
  }

  #runInTable(position: number, end: number): LayerRun {
    if (this.#run === undefined || position < this.#run.start || position >= this.#run.end) {
      this.#run = this.#findRun(position);
    }
    const { start, end: runEnd, state } = this.#run;
    const length = Math.min(end, runEnd) - position;
    if (state.kind === 'stored') {
      const offset = state.offset + position - start;
      return this.#content.runAt(offset, offset + length);
    }
    return state.kind === 'compressed'
      ? { kind: 'compressed', length, cluster: this.#clusterAt(position) }
      : { kind: state.kind, length };
  }

  /** All of the run around a position, as far as its table reaches. It may not reach back to where the run begins. */
  #findRun(position: number): TableRun {
    const { granuleBytes, l2Coverage } = this.#geometry;
    const tableStart = this.#l2Number * l2Coverage;
    const granule = Math.floor((position - tableStart) / granuleBytes);
    const state = this.#stateOf(granule, position);
    const limit = Math.ceil((Math.min(this.size, tableStart + l2Coverage) - tableStart) / granuleBytes);
    let granules = alikeGranules(this.#l2, granule, limit, state.kind, this.#geometry);
    while (granule + granules < limit && this.#continues(granule + granules, state, granules * granuleBytes)) {
      granules += 1;
    }
    const start = tableStart + granule * granuleBytes;
    return { start, end: start + granules * granuleBytes, state };
  }

  /** Whether a granule continues the run of one that begins `distance` bytes before it. */
  #continues(granule: number, before: ValidState, distance: number): boolean {
    const state = granuleState(this.#l2, granule, this.#geometry);
    if (state.kind === 'stored' && before.kind === 'stored') {
      return state.offset === before.offset + distance;
    }
    return state.kind === before.kind && this.#isWithinFile(state);
  }

  #clusterAt(position: number): CompressedCluster | undefined {
    const { clusterBytes, l2Coverage, granuleBytes, isDeflated } = this.#geometry;
    const state = this.#stateOf(Math.floor((position % l2Coverage) / granuleBytes), position);
    if (!isDeflated || state.kind !== 'compressed') {
      return undefined;
    }
    const { offset, storedBytes } = state;
    return { start: position - (position % clusterBytes), clusterBytes, offset, storedBytes };
  }

  #stateOf(granule: number, position: number): ValidState {
    const state = granuleState(this.#l2, granule, this.#geometry);
    if (state.kind === 'invalid') {
      throw this.#corrupt(position, 'its L2 table says what the format forbids');
    }
    if (state.kind === 'compressed' && !this.#isWithinFile(state)) {
      throw this.#corrupt(position, `a compressed cluster is said to stand at ${state.offset}+${state.storedBytes}`);
    }
    return state;
  }

  /** The last sector of a compressed cluster may be cut off. Whether stored bytes lie within the file is not checked. */
  #isWithinFile(state: GranuleState): boolean {
    return state.kind !== 'compressed' || state.offset + state.storedBytes - SECTOR_BYTES < this.#file.size;
  }

  #corrupt(position: number, found: string) {
    const { path, size, speaker } = this.#file;
    const where = `${found}, for the guest's byte ${position}`;
    return readError(speaker, 'corrupt', `${path} has ${size} bytes and ${where}; check it with qemu-img check`);
  }
}
