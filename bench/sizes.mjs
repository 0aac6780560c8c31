const MIB = 2 ** 20;
const GIB = 2 ** 30;

/**
 * How large the inputs are. Sizes of disks are bytes.
 *
 * @typedef {object} Sizes
 * @property {string} name the inputs' directory
 * @property {number} runs of each side of a row
 * @property {number} random the raw disk of random bytes
 * @property {number} dense the disk that the thin one is measured against, and each of the family's
 * @property {number} thin the thin disk's virtual size
 * @property {number} overlays on the base, which is as large as the random disk
 * @property {number} own data of each overlay
 * @property {number} family disks whose pairs are compared
 * @property {number} points that are clustered
 * @property {number} referencePoints that ml-hclust clusters
 * @property {number} cached images of the run that finds all of them in its cache
 * @property {number} cachedDisk virtual size of each, a fifth of it data
 * @property {{ count: number, sample: number, blocks: number }} vectors whose pairs are compared; SciPy compares the
 *   first `sample` of them
 * @property {{ vectors: readonly number[], blocks: readonly number[] }} growth
 * @property {{ columns: number, fewestBlocks: number, mostBlocks: number }} between vectors that one more is compared with
 */

/** Bytes as `2 GiB`. */
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
