import type { DistanceMetric } from '../contracts/distance-metric.js';
import { requireMemory } from '../memory/require-memory.js';

/** Bytes of each pair that are kept at a time: two counts by position, or one free of it, and the distance made of them. */
const BYTES_PER_PAIR = { position: 16, free: 12 } as const;

/** @throws `unavailable` where comparing so many images by a metric surely takes more memory than there is. */
export function requirePairMemory(images: number, { alignment }: Pick<DistanceMetric, 'alignment'>): void {
  const pairs = (images * (images - 1)) / 2;
  requireMemory({
    bytes: pairs * BYTES_PER_PAIR[alignment],
    purpose: `compare ${images} images`,
    remedy: 'compare fewer of them at a time, or allow more memory',
  });
}
