import type { Merge } from '../contracts/clusterer.js';

/**
 * A merge as an algorithm produces it, with its children in either order. Leaves are clusters 0 … size−1; the join at
 * index k forms cluster size + k.
 */
export type Join = Omit<Merge, 'size'>;
