import type { DistanceMetric } from '../contracts/distance-metric.js';
import { requireMemory } from '../memory/require-memory.js';

/**
 * Bytes in memory for each pair: a 64-bit distance, and two 32-bit counts with alignment `position` or one count with
 * any other alignment.
 */
const BYTES_PER_PAIR = { position: 16, free: 12, distinct: 12 } as const;

/** @throws `unavailable` if comparing this many images by a metric certainly needs more memory than is available. */
export function requirePairMemory(images: number, { alignment }: Pick<DistanceMetric, 'alignment'>): void {
  const pairs = (images * (images - 1)) / 2;
  requireMemory({
    bytes: pairs * BYTES_PER_PAIR[alignment],
    purpose: `compare ${images} images`,
    remedy: 'compare fewer of them at a time, or allow more memory',
  });
}
