import type { DistanceMetric, PairCounts, Plugin } from '@virt-similarity/core';

/** 1 − equal blocks ⁄ √(blocks of one · blocks of the other) (Ochiai 1957): the cosine distance of two sets. */
export class OchiaiMetric implements DistanceMetric {
  readonly unit = 'cosine distance';
  readonly alignment = 'position';

  distance({ equal, first, second }: PairCounts): number {
    if (first === 0 || second === 0) {
      return first === second ? 0 : 1;
    }
    return 1 - equal / Math.sqrt(first * second);
  }
}

export default {
  name: 'ochiai-metric',
  url: import.meta.url,
  version: '0.1.0',
  core: '^0.1.0',
  metrics: { ochiai: OchiaiMetric },
} satisfies Plugin;
