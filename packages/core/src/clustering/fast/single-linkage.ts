import type { Dendrogram } from '../../contracts/clusterer.js';
import { VirtSimilarityError } from '../../errors.js';
import { dendrogramOf } from '../dendrogram.js';
import type { Join } from '../join.js';
import { LARGEST_DISTANCE, unusableDistance } from '../unusable-distance.js';
import { DisjointClusters } from './disjoint-clusters.js';
import { instantiateSingleLinkageKernel, type SingleLinkageKernel } from './single-linkage-kernel.js';

/** At 44 bytes per item, the data of this many items fits below 2³¹, where the kernel's positive addresses end. */
const MOST_ITEMS = 40_000_000;

/**
 * Single linkage without a matrix, for so many items that a matrix would not fit in memory. Accepts the distances of
 * one item at a time, from the last item to the first, and stores none of them. Takes O(n²) time and 44 bytes per item
 * (SLINK, Sibson 1973); the dendrogram takes more memory. For the same distances, the dendrogram is the same as that of
 * {@link FastClusterer}.
 *
 * ```js
 * const linkage = new SingleLinkage(size);
 * for (let item = size - 1; item >= 0; item--) {
 *   linkage.add(await distancesToLater(item)); // Float64Array of size − 1 − item values
 * }
 * const dendrogram = linkage.dendrogram();
 * ```
 */
export class SingleLinkage {
  readonly #size: number;
  readonly #kernel: SingleLinkageKernel;
  readonly #row: Float64Array;
  #added = 0;

  /**
   * @param size number of items, 1 to 40,000,000
   * @throws `usage` for any other number, `unavailable` if there is not enough memory or the WebAssembly module is
   *   missing.
   */
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 1 || size > MOST_ITEMS) {
      throw new VirtSimilarityError('usage', `[clustering] expected 1 to ${MOST_ITEMS} items, found ${size}`);
    }
    this.#size = size;
    this.#kernel = instantiateSingleLinkageKernel();
    this.#kernel.configure(size);
    this.#row = new Float64Array(this.#kernel.memory.buffer, this.#kernel.rowAt(), size);
  }

  /**
   * Adds the next item, from the last item to the first. `distances` are the distances to the items after it, in the
   * order of the items, like a row of a condensed matrix: none for the last item, `size`−1 for the first. The array is
   * not kept.
   *
   * @throws `usage` if there are more or fewer distances, if a distance is not from 0 to {@link LARGEST_DISTANCE}, or
   *   if all items have been added already. If it throws, nothing is added.
   */
  add(distances: Float64Array): void {
    const count = this.#added;
    const item = this.#size - 1 - count;
    if (item < 0 || distances.length !== count) {
      const expected = item < 0 ? 'no more items' : `${count} distances from item ${item} to those after it`;
      throw new VirtSimilarityError('usage', `[clustering] expected ${expected}, found ${distances.length} distances`);
    }
    this.#row.set(distances);
    const unusable = this.#kernel.unusable(count, LARGEST_DISTANCE);
    if (unusable < count) {
      throw unusableDistance(item, item + 1 + unusable, distances[unusable]!);
    }
    this.#kernel.add(item, count);
    this.#added++;
  }

  /**
   * Returns the dendrogram of all items.
   *
   * @throws `usage` unless all items have been added.
   */
  dendrogram(): Dendrogram {
    if (this.#added < this.#size) {
      throw new VirtSimilarityError(
        'usage',
        `[clustering] expected the distances of ${this.#size} items, found those of ${this.#added}; add the rest first`,
      );
    }
    return dendrogramOf(this.#size, this.#joins(), 'single');
  }

  /**
   * Returns the joins that result from adding the edges of the minimum spanning tree in ascending order of length
   * (Gower and Ross 1969).
   */
  #joins(): Join[] {
    const { memory, edgesAt } = this.#kernel;
    const lengths = new Float64Array(memory.buffer, edgesAt(), 2 * this.#size);
    const ends = new Uint32Array(memory.buffer, edgesAt(), 4 * this.#size);
    const clusters = new DisjointClusters(this.#size);
    // The first item has no edge.
    const ascending = Array.from({ length: this.#size - 1 }, (_, k) => k + 1).sort(
      (a, b) => lengths[2 * a]! - lengths[2 * b]!,
    );
    return ascending.map((edge) => {
      const left = clusters.clusterOf(ends[4 * edge + 2]!);
      const right = clusters.clusterOf(ends[4 * edge + 3]!);
      clusters.join(left, right);
      return { left, right, height: lengths[2 * edge]! };
    });
  }
}
