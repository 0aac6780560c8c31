import type { CondensedMatrix } from '../../contracts/clusterer.js';
import { wording } from '../../errors.js';
import { requireMemory } from '../../memory/require-memory.js';
import { instantiateMatrixBand, type MatrixBand, type UpdatedLinkage } from './matrix-band.js';

/** The most bytes of distances in one band; WebAssembly can address four times as many. */
const LARGEST_BAND = 2 ** 30;

/** The distances of one cluster to all others, by position. */
export interface GatheredRow {
  /** The cluster's position; −1 while the row is not filled. */
  position: number;
  /** In the memory of the first band; the distance of the cluster to itself is infinity. */
  readonly distances: Float64Array;
  /** The row's address, the same in the memory of every band. */
  readonly address: number;
}

/**
 * The distances of the remaining clusters while pairs of them are merged. The remaining clusters have positions
 * 0 … count−1; when a cluster is removed, later positions move down by one.
 *
 * The distances are in one condensed matrix, in which a removed cluster leaves a gap. The matrix is split into bands
 * of rows, each in its own WebAssembly memory. The distances of up to about 16,000 items fit in one band. Gathered rows
 * are searched and updated in the memory of the first band.
 */
export class ShrinkingMatrix {
  readonly #size: number;
  /** The number of remaining clusters. */
  #count: number;
  readonly #bands: MatrixBand[] = [];
  /** The number of leaves of each cluster, by position; in the memory of the first band. */
  readonly #sizes: Float64Array;
  /** Buffers for two rows, interchangeable. */
  readonly rows: readonly [GatheredRow, GatheredRow];

  /**
   * Copies the matrix. At first, each item is a cluster.
   *
   * @param largestBand the most bytes of distances in one band, unless one row is longer
   * @throws `unavailable` if there is not enough memory or the WebAssembly module is missing.
   */
  constructor(matrix: CondensedMatrix, largestBand = LARGEST_BAND) {
    const { size } = matrix;
    requireMemory({
      bytes: matrix.values.byteLength,
      purpose: `cluster ${size} items`,
      remedy: wording`choose ${{ option: 'linkage', value: 'single' }}, which needs no copy of the distances, or cluster fewer items at a time`,
    });
    this.#size = size;
    this.#count = size;
    let addresses: readonly [number, number, number];
    let start = 0;
    let firstRow = 0;
    do {
      const { rowCount, length } = bandFrom(size, firstRow, largestBand / Float64Array.BYTES_PER_ELEMENT);
      const band = instantiateMatrixBand();
      addresses = [band.allocateRow(size), band.allocateRow(size), band.allocateRow(size)];
      band.configure(size, firstRow, rowCount);
      const values = matrix.values.subarray(start, start + length);
      new Float64Array(band.memory.buffer, band.valuesAt(), length).set(values);
      this.#bands.push(band);
      start += length;
      firstRow += rowCount;
    } while (firstRow < size);

    const [sizes, one, other] = addresses;
    this.#sizes = this.#viewOf(this.#first, sizes).fill(1);
    this.rows = [this.#rowAt(one), this.#rowAt(other)];
  }

  get count(): number {
    return this.#count;
  }

  /** Replaces every distance by its square. */
  square(): void {
    for (const band of this.#bands) {
      band.square();
    }
  }

  /** Fills the row with the distances of the cluster at `position`. */
  gather(position: number, row: GatheredRow): void {
    for (const { band, from, to } of this.#partsOf(position)) {
      band.gather(position, row.address);
      if (band !== this.#first) {
        row.distances.set(this.#viewOf(band, row.address).subarray(from, to), from);
      }
    }
    row.position = position;
  }

  /** Returns the position of the cluster nearest to the row's cluster; the first if several are equally near. */
  nearest({ address }: GatheredRow): number {
    return this.#first.nearest(address);
  }

  /**
   * Merges the clusters of two filled rows, and marks the rows as not filled. The merged cluster gets the later of the
   * two positions, whose distances are closer together in memory. The earlier position is removed, and all later
   * positions move down by one.
   */
  merge(one: GatheredRow, other: GatheredRow, linkage: UpdatedLinkage): void {
    const [oneSize, otherSize] = [this.#sizes[one.position]!, this.#sizes[other.position]!];
    const height = one.distances[other.position]!;
    const sizes = this.#sizes.byteOffset;
    this.#first[linkage](one.address, other.address, this.#count, sizes, oneSize, otherSize, height);

    const kept = Math.max(one.position, other.position);
    const removed = Math.min(one.position, other.position);
    this.#sizes[kept] = oneSize + otherSize;
    this.#sizes.copyWithin(removed, removed + 1, this.#count);
    for (const { band, from, to } of this.#partsOf(kept)) {
      if (band !== this.#first) {
        this.#viewOf(band, other.address).set(other.distances.subarray(from, to), from);
      }
      band.scatter(kept, other.address);
    }
    for (const band of this.#bands) {
      band.remove(removed);
    }
    this.#count--;
    one.position = -1;
    other.position = -1;
  }

  /** Yields the bands that hold the row of the cluster at `position`, each with its range of positions. */
  *#partsOf(position: number): Generator<{ band: MatrixBand; from: number; to: number }> {
    let from = 0;
    for (const band of this.#bands) {
      const to = band.endOfPart(position);
      if (to > from) {
        yield { band, from, to };
      }
      from = to;
    }
  }

  get #first(): MatrixBand {
    return this.#bands[0]!;
  }

  #rowAt(address: number): GatheredRow {
    return { position: -1, distances: this.#viewOf(this.#first, address), address };
  }

  #viewOf(band: MatrixBand, address: number): Float64Array {
    return new Float64Array(band.memory.buffer, address, this.#size);
  }
}

/** Returns how many rows from `firstRow` on, but at least one, fit in `limit` distances, and their total length. */
function bandFrom(size: number, firstRow: number, limit: number): { rowCount: number; length: number } {
  let rowCount = 1;
  let length = size - 1 - firstRow;
  while (firstRow + rowCount < size && length + size - 1 - (firstRow + rowCount) <= limit) {
    length += size - 1 - (firstRow + rowCount);
    rowCount++;
  }
  return { rowCount, length };
}
