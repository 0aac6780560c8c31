import type { Merge } from '../contracts/clusterer.js';

/**
 * A merge as an engine made it, its parts in either order. Leaves are clusters 0 … size−1; the join at index k makes
 * cluster size + k.
 */
export type Join = Omit<Merge, 'size'>;
