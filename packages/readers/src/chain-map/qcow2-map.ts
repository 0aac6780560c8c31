import { readError } from '@virt-similarity/image-tools';
import { CompressedClusters } from './compressed-clusters.js';
import type { CompressedCluster, LayerMap, LayerRun } from './layer-map.js';
import type { MappedFile } from './mapped-file.js';
import { type GranuleState, granuleState, positionIn, uniformGranules } from './qcow2-entry.js';
import type { Qcow2Geometry } from './qcow2-geometry.js';
import { RawMap } from './raw-map.js';
import { RUNS_PER_BYTE, RUNS_PER_EXTENDED_BYTE } from './runs-per-byte.js';

const SECTOR_BYTES = 512;
const L1_ENTRY_BYTES = 8;
/** The most entries of the L1 table that are in memory at a time. */
const L1_PART_ENTRIES = 8192;

type ValidState = Exclude<GranuleState, { kind: 'invalid' }>;

/**
 * Consecutive granules of one L2 table in the same state; if they are stored, they are consecutive in the file. `start`
 * and `end` (exclusive) are guest positions in bytes.
 */
interface TableRun {
  readonly start: number;
  readonly end: number;
  /** The state of the first granule. */
  readonly state: ValidState;
}

/**
 * The map of a qcow2 image, from its L1 and L2 tables. One part of the L1 table and one L2 table are in memory at a
 * time.
 *
 * `runAt` throws `corrupt` if an L2 table or a compressed cluster extends past the end of the file, or if an entry
 * violates the format; `unavailable` as described at `LayerMap.countClusters`; and the errors of reading the file. The
 * caller checks whether stored bytes are within the file.
 */
export class Qcow2Map implements LayerMap {
  readonly size: number;
  readonly runsPerByte: number;
  readonly #file: MappedFile;
  /** The data and holes of the file. */
  readonly #content: RawMap;
  readonly #geometry: Qcow2Geometry;
  #l1: Buffer = Buffer.alloc(0);
  /** Index of the first entry in `#l1`. */
  #l1Start = 0;
  #l2: Buffer = Buffer.alloc(0);
  /** Index of the L1 entry that points to `#l2`. */
  #l2Index = -1;
  /** The last run found in `#l2`. Finding it again for each of its parts would take time quadratic in its length. */
  #run: TableRun | undefined;
  /** Counts the compressed clusters found so far; `undefined` until `countClusters` is called. */
  #clusters: CompressedClusters | undefined;
  /**
   * The last range found for which the L1 table points to no L2 tables. `start` and `end` (exclusive) are guest
   * positions in bytes.
   */
  #empty = { start: 0, end: 0 };

  constructor(file: MappedFile, geometry: Qcow2Geometry, size: number) {
    this.#file = file;
    this.#content = new RawMap(file.size, file.holes);
    this.#geometry = geometry;
    this.size = size;
    this.runsPerByte = geometry.granulesPerCluster > 1 ? RUNS_PER_EXTENDED_BYTE : RUNS_PER_BYTE;
  }

  countClusters(): void {
    this.#clusters = new CompressedClusters(this.#file.size);
  }

  runAt(position: number, end: number): LayerRun | Promise<LayerRun> {
    const index = Math.floor(position / this.#geometry.l2Coverage);
    if (index === this.#l2Index) {
      return this.#runInTable(position, end);
    }
    const { start, end: emptyEnd } = this.#empty;
    return position >= start && position < emptyEnd
      ? { kind: 'unallocated', length: Math.min(end, emptyEnd) - position }
      : this.#runFrom(index, position, end);
  }

  async #runFrom(index: number, position: number, end: number): Promise<LayerRun> {
    await this.#loadL1(index);
    const offset = positionIn(this.#l1, (index - this.#l1Start) * L1_ENTRY_BYTES);
    const { clusterBytes, l2Coverage } = this.#geometry;
    if (offset === 0) {
      this.#empty = { start: index * l2Coverage, end: this.#endOfEmpty(index) };
      return { kind: 'unallocated', length: Math.min(end, this.#empty.end) - position };
    }
    if (offset % clusterBytes !== 0 || offset + clusterBytes > this.#file.size) {
      throw this.#corrupt(position, `an L1 entry that points to byte ${offset}`);
    }
    this.#l2 = await this.#file.read(offset, clusterBytes);
    this.#l2Index = index;
    this.#run = undefined;
    return this.#runInTable(position, end);
  }

  async #loadL1(index: number): Promise<void> {
    const loaded = this.#l1.length / L1_ENTRY_BYTES;
    if (index >= this.#l1Start && index < this.#l1Start + loaded) {
      return;
    }
    const { l1Offset, l1Entries } = this.#geometry;
    const start = index - (index % L1_PART_ENTRIES);
    const entries = Math.min(L1_PART_ENTRIES, l1Entries - start);
    this.#l1 = await this.#file.read(l1Offset + start * L1_ENTRY_BYTES, entries * L1_ENTRY_BYTES);
    this.#l1Start = start;
  }

  /** Returns the guest position after an empty L1 entry and the empty entries that follow it in `#l1`. */
  #endOfEmpty(index: number): number {
    const end = this.#l1Start + this.#l1.length / L1_ENTRY_BYTES;
    let next = index + 1;
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

  /**
   * Returns the run from the granule at `position` to at most the end of the L2 table in memory. Granules before the
   * run can be in the same state. Counts the compressed clusters of the run, if clusters are counted.
   */
  #findRun(position: number): TableRun {
    const { granuleBytes, l2Coverage } = this.#geometry;
    const tableStart = this.#l2Index * l2Coverage;
    const granule = Math.floor((position - tableStart) / granuleBytes);
    const state = this.#stateOf(granule, position);
    this.#count(granule, state);
    const limit = Math.ceil((Math.min(this.size, tableStart + l2Coverage) - tableStart) / granuleBytes);
    let granules = uniformGranules(this.#l2, granule, limit, state.kind, this.#geometry);
    while (granule + granules < limit && this.#continues(granule + granules, state, granules * granuleBytes)) {
      granules += 1;
    }
    const start = tableStart + granule * granuleBytes;
    return { start, end: start + granules * granuleBytes, state };
  }

  /**
   * Returns whether a granule continues a run that begins `distance` bytes before the granule with the state `before`.
   * If it does and is compressed, counts its cluster if clusters are counted.
   */
  #continues(granule: number, before: ValidState, distance: number): boolean {
    const state = granuleState(this.#l2, granule, this.#geometry);
    if (state.kind === 'stored' && before.kind === 'stored') {
      return state.offset === before.offset + distance;
    }
    if (state.kind !== before.kind || !this.#isWithinFile(state)) {
      return false;
    }
    this.#count(granule, state);
    return true;
  }

  /**
   * Counts the cluster of a granule if clusters are counted, the cluster is compressed, and the granule is the first
   * granule of the cluster.
   *
   * @throws `unavailable` as described at `LayerMap.countClusters`.
   */
  #count(granule: number, state: GranuleState): void {
    const isFirst = granule % this.#geometry.granulesPerCluster === 0;
    if (state.kind === 'compressed' && isFirst && this.#clusters?.add(state.offset) === false) {
      const found = `several compressed clusters share the same bytes near byte ${state.offset}`;
      throw readError(
        this.#file.errorContext,
        'unavailable',
        `${found} of ${this.#file.path}, so reading the image could take unlimited time; if you trust the image, convert it with qemu-img convert -O raw first`,
      );
    }
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
      throw this.#corrupt(position, 'an L2 entry that violates the format');
    }
    if (state.kind === 'compressed' && !this.#isWithinFile(state)) {
      throw this.#corrupt(position, `a compressed cluster of ${state.storedBytes} bytes at byte ${state.offset}`);
    }
    return state;
  }

  /**
   * Returns whether a compressed cluster is within the file, apart from the missing part of an incomplete last sector.
   * Returns `true` for any other state, because the caller checks stored bytes.
   */
  #isWithinFile(state: GranuleState): boolean {
    return state.kind !== 'compressed' || state.offset + state.storedBytes - SECTOR_BYTES < this.#file.size;
  }

  #corrupt(position: number, found: string) {
    const { path, size, errorContext } = this.#file;
    const where = `${found}, for the guest's byte ${position}`;
    return readError(errorContext, 'corrupt', `${path} has ${size} bytes and ${where}; check it with qemu-img check`);
  }
}
