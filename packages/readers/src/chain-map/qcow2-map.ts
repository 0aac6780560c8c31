import { readError, type Speaker } from '../reading/read-error.js';
import type { CompressedCluster, LayerMap, LayerRun } from './layer-map.js';
import { alikeGranules, type GranuleState, granuleState, positionIn } from './qcow2-entry.js';
import type { Qcow2Geometry } from './qcow2-geometry.js';
import { type Holes, RawMap } from './raw-map.js';

const SECTOR_BYTES = 512;
const L1_ENTRY_BYTES = 8;
/** Entries of the L1 table that are held at a time. */
const L1_PART_ENTRIES = 8192;

type ValidState = Exclude<GranuleState, { kind: 'invalid' }>;
type CompressedState = Extract<GranuleState, { kind: 'compressed' }>;

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

  constructor(file: Qcow2File, geometry: Qcow2Geometry, size: number) {
    this.#file = file;
    this.#content = new RawMap(file.size, file.holes);
    this.#geometry = geometry;
    this.size = size;
  }

  runAt(position: number, end: number): LayerRun | Promise<LayerRun> {
    const number = Math.floor(position / this.#geometry.l2Coverage);
    return number === this.#l2Number ? this.#runInTable(position, end) : this.#runFrom(number, position, end);
  }

  async #runFrom(number: number, position: number, end: number): Promise<LayerRun> {
    await this.#loadL1(number);
    const offset = positionIn(this.#l1, (number - this.#l1Start) * L1_ENTRY_BYTES);
    if (offset === 0) {
      return { kind: 'unallocated', length: Math.min(end, this.#tablesFrom(number)) - position };
    }
    const { clusterBytes } = this.#geometry;
    if (offset % clusterBytes !== 0 || offset + clusterBytes > this.#file.size) {
      throw this.#corrupt(position, `its L2 table is said to stand at byte ${offset}`);
    }
    this.#l2 = await this.#file.read(offset, clusterBytes);
    this.#l2Number = number;
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
    const { granuleBytes, l2Coverage } = this.#geometry;
    const tableStart = this.#l2Number * l2Coverage;
    const limit = Math.min(end, tableStart + l2Coverage);
    const within = (position - tableStart) % granuleBytes;
    const granule = (position - tableStart - within) / granuleBytes;
    const first = this.#stateOf(granule, position);
    const lastEnd = Math.ceil((limit - tableStart) / granuleBytes);
    let granules = alikeGranules(this.#l2, granule, lastEnd, first.kind, this.#geometry);
    const runEnd = () => tableStart + (granule + granules) * granuleBytes;
    while (runEnd() < limit && continues(this.#stateOf(granule + granules, runEnd()), first, granules * granuleBytes)) {
      granules += 1;
    }
    const length = Math.min(limit, runEnd()) - position;
    if (first.kind === 'stored') {
      return this.#content.runAt(first.offset + within, first.offset + within + length);
    }
    return first.kind === 'compressed'
      ? { kind: 'compressed', length, cluster: this.#clusterOf(first, position) }
      : { kind: first.kind, length };
  }

  #clusterOf({ offset, storedBytes }: CompressedState, position: number): CompressedCluster | undefined {
    const { clusterBytes, isDeflated } = this.#geometry;
    return isDeflated ? { start: position - (position % clusterBytes), clusterBytes, offset, storedBytes } : undefined;
  }

  #stateOf(granule: number, position: number): ValidState {
    const state = granuleState(this.#l2, granule, this.#geometry);
    if (state.kind === 'invalid') {
      throw this.#corrupt(position, 'its L2 table says what the format forbids');
    }
    if (state.kind === 'compressed' && state.offset + state.storedBytes - SECTOR_BYTES >= this.#file.size) {
      throw this.#corrupt(position, `a compressed cluster is said to stand at ${state.offset}+${state.storedBytes}`);
    }
    return state;
  }

  #corrupt(position: number, found: string) {
    const { path, size, speaker } = this.#file;
    const where = `${found}, for the guest's byte ${position}`;
    return readError(speaker, 'corrupt', `${path} has ${size} bytes and ${where}; check it with qemu-img check`);
  }
}

/** Whether a granule says the same as the one that stands `distance` bytes before it. */
function continues(state: GranuleState, before: GranuleState, distance: number): boolean {
  return state.kind === 'stored' && before.kind === 'stored'
    ? state.offset === before.offset + distance
    : state.kind === before.kind;
}
