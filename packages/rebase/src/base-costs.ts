import type { PositionalCounts } from '@virt-similarity/core';
import { condensedIndex } from '@virt-similarity/core';
import type { PlanImage, PlanLimits } from './plan-image.js';
import { qcow2Bytes, tablesOf } from './qcow2-size.js';

/**
 * The costs of a plan with n images, in bytes. A cost is what an image's own file occupies. For a change, it also
 * includes what the change must save (see {@link baseCosts}).
 */
export interface BaseCosts {
  /** The cost of each image without a base; `Infinity` if the image must keep its base. */
  readonly roots: Float64Array;
  /** n × n, row-major: at base × n + image the cost of the image on that base; `Infinity` if that is not allowed. */
  readonly edges: Float64Array;
  /**
   * The additional cost of each image if another image becomes an overlay on it. Its content is then frozen, and its
   * machine continues in an empty overlay. 0 for images that are `frozen`.
   */
  readonly asBase: Float64Array;
}

/**
 * Estimates what each image costs on each base. The number of L2 tables is an upper bound, as if all differing blocks
 * were far apart; all other numbers are exact.
 *
 * The cost of a change also includes `minSaving` and, for an image that is already an overlay, the bytes that the
 * change writes. A plan therefore keeps an overlay unless a change saves more than these bytes.
 *
 * @param counts the counts of all pairs of images
 */
export function baseCosts(images: readonly PlanImage[], counts: PositionalCounts, limits: PlanLimits): BaseCosts {
  const size = images.length;
  const { minSaving = 0, onlyBases, groups } = limits;
  const roots = new Float64Array(size);
  const edges = new Float64Array(size * size).fill(Number.POSITIVE_INFINITY);
  for (const [index, image] of images.entries()) {
    const stays = isKept(image, index, limits);
    const reluctance = (bytes: number) => minSaving + (image.backing === undefined ? 0 : bytes);
    if (image.backing === undefined) {
      roots[index] = image.bytes;
    } else {
      const alone = overlayBytes(image, image.vector.dataBlocks, image.vector.dataBlocks);
      roots[index] = stays ? Number.POSITIVE_INFINITY : alone + reluctance(alone);
    }
    for (let base = 0; base < size && !stays; base++) {
      const isAllowed = (onlyBases?.has(base) ?? true) && groups?.[base] === groups?.[index];
      if (base !== index && isAllowed) {
        const bytes = estimatedBytes(images, counts, index, base);
        edges[base * size + index] = bytes + reluctance(bytes);
      }
    }
    if (image.backing !== undefined) {
      edges[image.backing * size + index] = image.bytes;
    }
  }
  const asBase = Float64Array.from(images, (image) => (image.frozen ? 0 : overlayBytes(image, 0, 0)));
  return { roots, edges, asBase };
}

/** Returns whether an image stays as it is. */
export function isKept({ frozen }: PlanImage, index: number, { keep }: PlanLimits): boolean {
  return frozen === true || keep?.has(index) === true;
}

/**
 * Returns an upper bound on the bytes of an overlay in which `dataBlocks` blocks have data and `differentBlocks` blocks
 * differ from the base. Assumes that each block that differs needs its own L2 table, up to the tables of the whole
 * disk.
 */
export function overlayBytes({ vector }: PlanImage, dataBlocks: number, differentBlocks: number): number {
  const { blockSize: clusterSize, virtualSize } = vector;
  const tables = Math.min(differentBlocks, tablesOf(virtualSize, clusterSize));
  return qcow2Bytes({ clusterSize, virtualSize, dataClusters: dataBlocks, tables });
}

function estimatedBytes(images: readonly PlanImage[], counts: PositionalCounts, index: number, base: number): number {
  const pair = condensedIndex(counts.size, Math.min(index, base), Math.max(index, base));
  const equal = counts.equal[pair]!;
  const either = counts.dataBlocks[index]! + counts.dataBlocks[base]! - counts.common[pair]!;
  return overlayBytes(images[index]!, counts.dataBlocks[index]! - equal, either - equal);
}
