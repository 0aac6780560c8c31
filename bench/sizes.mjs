const MIB = 2 ** 20;
const GIB = 2 ** 30;

/**
 * The sizes of the inputs. Disk sizes are in bytes.
 *
 * @typedef {object} Sizes
 * @property {string} name the name of the inputs' directory
 * @property {number} runs the number of runs for each side of a row
 * @property {number} random the size of the raw disk of random bytes
 * @property {number} dense the size of the dense disk and of each disk of the family
 * @property {number} thin the virtual size of the thin disk
 * @property {number} overlays the number of overlays on the base, which is as large as the random disk
 * @property {number} own the size of each overlay's own data
 * @property {number} family the number of disks whose pairs are compared
 * @property {number} points the number of points to cluster
 * @property {number} referencePoints the number of points that ml-hclust clusters
 * @property {number} cached the number of images that are all cached
 * @property {number} cachedDisk the virtual size of each cached image; about a fifth of it is data
 * @property {{ count: number, sample: number, blocks: number }} vectors the vectors whose pairs are compared; SciPy
 *   compares the first `sample` of them
 * @property {{ vectors: readonly number[], blocks: readonly number[] }} growth the numbers of vectors and of their
 *   blocks
 * @property {{ columns: number, fewestBlocks: number, mostBlocks: number }} between the vectors that one more vector is
 *   compared with
 */

/** Formats bytes, such as `2 GiB`. */
export function sizeText(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${units[power]}`;
}

/** @type {Sizes} */
export const FULL = {
  name: 'full',
  runs: 5,
  random: 2 * GIB,
  dense: GIB,
  thin: 1024 * GIB,
  overlays: 50,
  own: 20 * MIB,
  family: 8,
  points: 10_000,
  referencePoints: 1600,
  cached: 500,
  cachedDisk: 10 * GIB,
  vectors: { count: 1_000, sample: 100, blocks: 163_840 },
  growth: { vectors: [1_000, 2_000, 5_000, 10_000], blocks: [2_048, 4_096, 8_192, 16_384] },
  between: { columns: 1_000, fewestBlocks: 16_384, mostBlocks: 65_536 },
};

/** @type {Sizes} */
export const QUICK = {
  name: 'quick',
  runs: 2,
  random: 16 * MIB,
  dense: 8 * MIB,
  thin: 8 * GIB,
  overlays: 4,
  own: 2 * MIB,
  family: 4,
  points: 500,
  referencePoints: 60,
  cached: 20,
  cachedDisk: 64 * MIB,
  vectors: { count: 40, sample: 20, blocks: 4_096 },
  growth: { vectors: [25, 50, 75, 100], blocks: [128, 256, 384, 512] },
  between: { columns: 30, fewestBlocks: 128, mostBlocks: 512 },
};
