import type { Dendrogram } from '../../contracts/clusterer.js';
import { VirtSimilarityError } from '../../errors.js';
import { dendrogramOf } from '../dendrogram.js';
import type { Join } from '../join.js';
import { LARGEST_DISTANCE, unusableDistance } from '../unusable-distance.js';
import { DisjointClusters } from './disjoint-clusters.js';
import { instantiateSingleLinkageKernel, type SingleLinkageKernel } from './single-linkage-kernel.js';

/** At 44 bytes each, what fits below the kernel's largest positive address. */
const MOST_ITEMS = 40_000_000;

/**
 * Single linkage without a matrix, for more items than one fits for: takes the distances of one item after the other,
 * in an order that is known from the start, and keeps none of them. O(n²) time, 44 bytes an item (SLINK, Sibson 1973).
 * Of the same distances it makes the same dendrogram as {@link FastClusterer}.
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
   * For `size` items, 1 to 40,000,000.
   *
   * @throws `usage` on any other number, `unavailable` where there is no memory.
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
   * Adds the next item: the last one first, the first one last. `distances` are those to the items after it, in
   * ascending order, as in a row of a condensed matrix: none for the last item, `size`−1 for the first. The array
   * stays the caller's.
   *
   * @throws `usage` where there are more or fewer of them, where one is not from 0 to {@link LARGEST_DISTANCE}, and
   *   when all items were added; that one is not added then.
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
   * The dendrogram of all items.
   *
   * @throws `usage` unless each was added.
   */
  dendrogram(): Dendrogram {
    if (this.#added < this.#size) {
      throw new VirtSimilarityError(
        'usage',
        `[clustering] expected the distances of ${this.#size} items, found those of ${this.#added}; add the others first`,
      );
    }
    return dendrogramOf(this.#size, this.#joins(), 'single');
  }

  /** What is joined when the tree's edges are added from the shortest on (Gower and Ross 1969). */
  #joins(): Join[] {
    const { memory, edgesAt } = this.#kernel;
    const lengths = new Float64Array(memory.buffer, edgesAt(), 2 * this.#size);
    const ends = new Uint32Array(memory.buffer, edgesAt(), 4 * this.#size);
    const clusters = new DisjointClusters(this.#size);
    // The first item has none.
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
