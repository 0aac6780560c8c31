import type { CondensedMatrix } from '../../contracts/clusterer.js';

/**
 * The distances of the clusters that are left while pairs of them are merged. Clusters are addressed by position:
 * those that are left have positions 0 … count−1, which close up when one is removed.
 *
 * The distances stand in one condensed matrix, in which a removed cluster leaves a gap.
 */
export class ShrinkingMatrix {
  /** How many clusters are left. */
  #count: number;
  readonly #values: Float64Array;
  /** By position: the column of the cluster. */
  readonly #columns: Int32Array;
  /** By position: what to add to a later column to have the index of the pair. */
  readonly #bases: Int32Array | Float64Array;

  /** Copies the matrix; each thing is a cluster. */
  constructor({ size, values }: CondensedMatrix) {
    this.#count = size;
    this.#values = values.slice();
    this.#columns = new Int32Array(size);
    // Integers are the faster indices; beyond 65,536 things they do not suffice.
    this.#bases = values.length <= 0x7fff_ffff ? new Int32Array(size) : new Float64Array(size);
    for (let i = 0; i < size; i++) {
      this.#columns[i] = i;
      this.#bases[i] = i * size - (i * (i + 1)) / 2 - i - 1;
    }
  }

  get count(): number {
    return this.#count;
  }

  /** Replaces every distance by its square. */
  square(): void {
    const values = this.#values;
    for (let index = 0; index < values.length; index++) {
      values[index] = values[index]! * values[index]!;
    }
  }

  /** Copies the distances from the cluster at `position` to `target`, by position; infinity to itself. */
  gather(position: number, target: Float64Array): void {
    const count = this.#count;
    const values = this.#values;
    const columns = this.#columns;
    const bases = this.#bases;
    const column = columns[position]!;
    for (let k = 0; k < position; k++) {
      target[k] = values[bases[k]! + column]!;
    }
    target[position] = Number.POSITIVE_INFINITY;
    const base = bases[position]!;
    for (let k = position + 1; k < count; k++) {
      target[k] = values[base + columns[k]!]!;
    }
  }

  /** Replaces the distances from the cluster at `position` by those in `source`, by position. */
  scatter(position: number, source: Float64Array): void {
    const count = this.#count;
    const values = this.#values;
    const columns = this.#columns;
    const bases = this.#bases;
    const column = columns[position]!;
    for (let k = 0; k < position; k++) {
      values[bases[k]! + column] = source[k]!;
    }
    const base = bases[position]!;
    for (let k = position + 1; k < count; k++) {
      values[base + columns[k]!] = source[k]!;
    }
  }

  /** Removes the cluster at `position`; later ones move down by one. */
  remove(position: number): void {
    this.#columns.copyWithin(position, position + 1, this.#count);
    this.#bases.copyWithin(position, position + 1, this.#count);
    this.#count--;
  }
}
